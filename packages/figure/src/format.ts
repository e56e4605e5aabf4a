/** Returns a number for people: three significant digits, thousands parted by narrow spaces that do not break, `-` for what is missing. */
export function formatNumber(x: number | null | undefined): string {
  if (x === null || x === undefined || Number.isNaN(x)) return '–'
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '-∞'
  if (Number.isInteger(x) && Math.abs(x) < 1e15)
    return Math.abs(x) >= 10_000 ? x.toString().replace(/\B(?=(\d{3})+$)/g, '\u202f') : x.toString()
  const magnitude = Math.abs(x)
  if (magnitude >= 1000) return formatNumber(Math.round(x))
  if (magnitude < 1e-4) return x.toExponential(1).replace('e-', 'e-')
  return Number(x.toPrecision(3)).toString()
}

/** Returns a rate with three decimals, as the ledger prints it: `0.912`. */
export const formatRate = (x: number | null | undefined): string =>
  x === null || x === undefined || !Number.isFinite(x) ? formatNumber(x) : x.toFixed(3)
