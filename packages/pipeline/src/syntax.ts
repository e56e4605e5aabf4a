/** A node of a syntax tree in the ESTree form that the parser gives. */
export interface Syntax {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

/** Tells whether syntax of a type is evaluated with the value: the bodies of functions inside it are not. */
export function mentions(value: unknown, type: RegExp, fits: (part: Syntax) => boolean = () => true): boolean {
  if (Array.isArray(value)) return value.some((item) => mentions(item, type, fits))
  if (typeof value !== 'object' || value === null) return false
  const part = value as Syntax
  if (typeof part.type === 'string') {
    if (type.test(part.type) && fits(part)) return true
    if (/Function/.test(part.type)) return false
  }
  return Object.values(part).some((member) => mentions(member, type, fits))
}
