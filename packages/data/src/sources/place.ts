/** Tells whether a path names many files. */
export const isPattern = (path: string): boolean => /[*?[]/.test(path)
