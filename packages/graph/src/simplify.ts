import type { Value } from './value.ts'

/** Returns values equal to the outputs with less to compute. */
export function simplify(outputs: readonly Value[]): readonly Value[] {
  return outputs
}
