import type { AssociationMatrix } from './associations.ts'
import { rangeOf, steps } from './tenBins.ts'
import type { Interaction } from './types.ts'

const GRID = 24

/** The pairs of numbers that belong together most, as counts in a grid. */
export function interactionsOf(
  panels: readonly { readonly name: string; readonly category: boolean; readonly values: Float64Array }[],
  matrix: AssociationMatrix | undefined,
  most: number,
): readonly Interaction[] {
  if (matrix === undefined) return []
  // a grid of a few values tells nothing
  const drawn = new Set(panels.flatMap(({ name, category }) => (category ? [] : [name])))
  const pairs = matrix.columns
    .flatMap((x, i) =>
      matrix.columns.slice(i + 1).map((y, k) => ({ x, y, strength: Math.abs(matrix.values[i][i + 1 + k] ?? 0) })),
    )
    .filter(({ x, y }) => drawn.has(x) && drawn.has(y))
  const strongest = pairs.sort((a, b) => b.strength - a.strength).slice(0, most)
  return strongest.map(({ x, y }) => {
    const [a, b] = [x, y].map((name) => panels.find((panel) => panel.name === name)!.values)
    const [xEdges, yEdges] = [a, b].map((values) => steps(...rangeOf(values), GRID))
    const place = (value: number, edges: readonly number[]): number =>
      Math.max(0, Math.min(GRID - 1, Math.floor(((value - edges[0]) / (edges[GRID] - edges[0])) * GRID) || 0))
    const counts = Array.from({ length: GRID }, () => new Array<number>(GRID).fill(0))
    for (let i = 0; i < a.length; i++)
      if (!Number.isNaN(a[i] + b[i])) counts[place(b[i], yEdges)][place(a[i], xEdges)]++
    return { x, y, xEdges, yEdges, counts }
  })
}
