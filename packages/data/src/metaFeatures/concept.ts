import { euclidean, scaled } from './distances.ts'
import { type MetaGroup, once } from './group.ts'
import type { MetaTable } from './table.ts'

const distances = once((t) => euclidean(scaled(t.numbers), t.n))

/** For each row, sums over all others of what is weighed, and of the weights. */
const weighed =
  (
    weight: (distance: number, t: MetaTable) => number,
    of: (t: MetaTable, i: number, j: number, distance: number) => number,
    mean: boolean,
  ) =>
  (t: MetaTable): number[] => {
    const { at } = distances(t)
    return Array.from({ length: t.n }, (_, i) => {
      let [sum, weights] = [0, 0]
      for (let j = 0; j < t.n; j++) {
        if (i === j) continue
        const w = weight(at(i, j), t)
        weights += w
        sum += w * of(t, i, j, at(i, j))
      }
      return mean ? sum / weights : sum
    })
  }

/** Falls from 1 at no distance to 0 at the largest that there can be. */
const fading = (distance: number, { numbers }: MetaTable): number => {
  const rest = Math.sqrt(numbers.length) - distance
  return 2 ** ((-2 * distance) / (rest <= 0 ? 10e-10 : rest))
}
const stepped = (distance: number): number => 2 ** -Math.max(1, Math.ceil(distance))
const differs = ({ target }: MetaTable, i: number, j: number): number => Number(target.codes[i] !== target.codes[j])

/** How the class varies among neighbours. Source: Vilalta (1999); Perez, Rendell (1996); pymfe 0.4, group `concept`. */
export const concept = {
  conceptvar: weighed(fading, differs, true),
  wg_dist: weighed(fading, (_, __, ___, distance) => distance, true),
  impconceptvar: weighed(stepped, differs, false),
  cohesiveness: weighed(stepped, () => 1, false),
} as const satisfies MetaGroup
