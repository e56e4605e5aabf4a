/** How sure the whole family of verdicts is: wrong anywhere with at most one minus this probability, on each side. */
export const confidence = 0.95
