import { applyOne, reapply } from '../apply.ts'
import { int } from '../attribute.ts'
import { constant } from '../leaf.ts'
import { min, mul, sub } from '../operators/elementwise.ts'
import { concat, constantOfShape, shape, size } from '../operators/structure.ts'
import { directionsOf } from '../schemas/recurrent.ts'
import { dtypeOf, isRanked, type Operation, type Value } from '../value.ts'

// The runtime's message names the node that fails: the name says what is wrong.
const NAMES: Readonly<Record<string, string>> = {
  GRU: 'a GRU needs one sequence of one step or more',
  LSTM: 'an LSTM needs one sequence or more',
}

/** Tells whether a recurrent operator may meet what its kernel ends the whole process at (1.30). */
export function isUnguarded({ type, inputs: [x, , , bias] }: Operation): boolean {
  const safe = (axis: number): boolean => typeof x!.shape[axis] === 'number' && x!.shape[axis] > 0
  const isSafe = isRanked(x!) && (type === 'LSTM' || safe(0)) && safe(1)
  return !isSafe && bias?.operation.meta.name?.startsWith(NAMES[type]) !== true
}

/**
 * Returns a recurrent operator that fails as others do when it is given nothing: the rows of its bias are then looked for
 * below the last one. The bias is small, and nothing else waits for it.
 */
export function guarded(operation: Operation): readonly Value[] {
  const [x, w, r, bias, ...others] = operation.inputs
  const directions = directionsOf(operation)
  const rows = constant(
    Array.from({ length: directions }, (_, i) => directions + i),
    'int64',
  )
  const given = min(operation.type === 'LSTM' ? shape(x!, 1, 2) : size(x!), 1)
  const checked = applyOne(
    'Gather',
    [bias ?? zeros(w!, directions), sub(rows, mul(given, directions))],
    { axis: int(0) },
    { name: NAMES[operation.type] },
  )
  return reapply(operation, [x!, w!, r!, checked, ...others])
}

/** Returns no bias: [directions, 2 * gates * hidden]. */
function zeros(w: Value, directions: number): Value {
  const rows = w.shape[1]
  const width = typeof rows === 'number' ? constant([2 * rows], 'int64') : mul(shape(w, 1, 2), 2)
  return constantOfShape(concat([constant([directions], 'int64'), width]), 0, dtypeOf(w))
}
