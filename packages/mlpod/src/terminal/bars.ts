const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** Returns amounts as a row of bars, a blank for zero. `most` is the amount of a full bar; default: the largest. */
export const bars = (amounts: readonly number[], most: number = Math.max(...amounts)): string =>
  amounts.map((amount) => (amount === 0 ? ' ' : HEIGHTS[Math.min(7, Math.floor((8 * amount) / most))])).join('')
