import { reapply } from '../apply.ts'
import { isStoodIn, standIn } from '../compositions/index.ts'
import { expansion } from '../defineOp.ts'
import { drawsInside } from '../draws.ts'
import { constantOf } from '../known.ts'
import { capturesOf } from '../operators/control.ts'
import { attributed } from '../site.ts'
import { type Body, isRanked, type Operation, type Value } from '../value.ts'
import { operands, topological } from '../walk.ts'
import { fold } from './fold.ts'
import { fusions } from './fusions.ts'
import { createInterner, type Interner } from './intern.ts'
import type { Match, Rewrite } from './rewrite.ts'
import { rewrites } from './rewrites.ts'
import { unite } from './unite.ts'

// Rewrites meet what other rewrites made in the next round; graphs settle in three or four.
const ROUNDS = 6

type Table = Readonly<Record<string, Rewrite | undefined>>

/** One walk over a graph. */
interface Pass {
  readonly table: Table
  readonly uses: ReadonlyMap<Value, number>
  readonly known: Interner
  readonly leaves: readonly Value[]
  /** In a body: the outer values it reads, which rewrites must not see through. */
  readonly outer: ReadonlySet<Value>
  /** Returns what an operation becomes, or undefined when it stays. */
  readonly improve: (current: Operation, original: Operation, pass: Pass) => readonly Value[] | undefined
  /** How many rewrites applied. */
  rewritten: number
}

/**
 * Returns values equal to the outputs with less to compute: constants folded, needless operations and common
 * subexpressions removed, then matrix products joined with the sums, scalings and transposes around them.
 */
export function simplify(outputs: readonly Value[]): readonly Value[] {
  const leaves = topological(outputs).flatMap(({ type, domain, outputs: [value] }) =>
    type === 'Input' && domain === 'mlpod' && isRanked(value) ? [value] : [],
  )
  return attributed({}, () => {
    let current = outputs
    for (let round = 0; round < ROUNDS; round++) {
      // Products are joined from the second round on, when what stands around them is simple.
      const table = round === 0 ? rewrites : both
      const pass: Pass = {
        table,
        uses: countUses(current),
        known: createInterner(),
        leaves,
        outer: new Set(),
        improve: simpler,
        rewritten: 0,
      }
      const mapped = new Map<Value, Value>()
      rebuild(current, mapped, undefined, pass)
      current = current.map((value) => mapped.get(value) ?? value)
      if (pass.rewritten === 0 && round > 0) break
    }
    return current
  })
}

/** Returns values equal to the outputs in which defined operators, and those that the runtime must not run, are what they compute. */
export function expand(outputs: readonly Value[]): readonly Value[] {
  const opset = opsetOf(outputs)
  const once = (current: readonly Value[]): readonly Value[] => {
    const pass: Pass = {
      table: {},
      uses: new Map(),
      known: { find: () => undefined, remember: () => {} },
      leaves: [],
      outer: new Set(),
      improve: (operation) => expansion(operation) ?? standIn(operation, opset),
      rewritten: 0,
    }
    const mapped = new Map<Value, Value>()
    rebuild(current, mapped, undefined, pass)
    return current.map((value) => mapped.get(value) ?? value)
  }
  // A loop and its copy with a tape are one operation, or what they draw would differ.
  let current = topological(outputs).some(drawsInside) ? once(outputs) : outputs
  while (holdsOther(current, opset)) current = once(current)
  return current
}

const holdsOther = (outputs: readonly Value[], opset: number, stop?: ReadonlySet<Value>): boolean =>
  topological(outputs, stop).some(
    (operation) =>
      operation.definition?.body !== undefined ||
      isStoodIn(operation, opset) ||
      Object.values(operation.bodies ?? {}).some((body) =>
        holdsOther(body.outputs, opset, new Set([...operation.captures, ...body.inputs])),
      ),
  )

/** The opset of ai.onnx that the newest operator asks for. */
const opsetOf = (outputs: readonly Value[], stop?: ReadonlySet<Value>): number =>
  topological(outputs, stop).reduce((newest, { domain, version, bodies = {}, captures }) => {
    const inside = Object.values(bodies).map((body) => opsetOf(body.outputs, new Set([...captures, ...body.inputs])))
    return Math.max(newest, domain === '' ? version : 0, ...inside)
  }, 0)

const both: Table = Object.fromEntries(
  Object.keys({ ...rewrites, ...fusions }).map((type) => {
    const [rewrite, fusion] = [rewrites[type], fusions[type]]
    return [type, rewrite && fusion ? (match: Match) => rewrite(match) ?? fusion(match) : (rewrite ?? fusion)]
  }),
)

/** Returns how often each value is read, by operations and as an output. */
function countUses(outputs: readonly Value[], stop?: ReadonlySet<Value>): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>()
  const use = (value: Value | null): void => {
    if (value !== null) uses.set(value, (uses.get(value) ?? 0) + 1)
  }
  for (const operation of topological(outputs, stop)) for (const value of operands(operation)) use(value)
  for (const value of outputs) use(value)
  return uses
}

function rebuild(
  outputs: readonly Value[],
  mapped: Map<Value, Value>,
  stop: ReadonlySet<Value> | undefined,
  pass: Pass,
): void {
  const order = topological(outputs, stop)
  const united = unite(order)
  const done = new Map<Operation, readonly Value[]>()
  const once = (operation: Operation): readonly Value[] => {
    const known = done.get(operation) ?? replaced(operation, mapped, pass)
    done.set(operation, known)
    return known
  }
  for (const operation of order) {
    const one = united.get(operation)
    const results = one === undefined ? replaced(operation, mapped, pass) : once(one.operation)
    for (const [i, value] of operation.outputs.entries()) {
      const result = results[one?.places.get(value) ?? i]
      if (result !== value) mapped.set(value, result)
    }
  }
}

function replaced(operation: Operation, mapped: ReadonlyMap<Value, Value>, pass: Pass): readonly Value[] {
  const current = moved(operation, mapped, pass)
  const known = pass.known.find(current)
  if (known !== undefined) return known
  const results = pass.improve(current, operation, pass) ?? current.outputs
  pass.known.remember(current, results)
  return results
}

function simpler(current: Operation, original: Operation, pass: Pass): readonly Value[] | undefined {
  if (current.outputs.length !== 1 || current.domain !== '') return undefined
  const folded = fold(current) ?? rewritten(current, original, pass)
  if (folded === undefined) return undefined
  pass.rewritten++
  // What a rewrite made may be known already; if not, it is simplified in the next round.
  return [pass.known.find(folded.operation)?.[folded.index] ?? folded]
}

// A value may be consumed into another operation only if nothing else reads it: uses are counted before the round.
function rewritten(current: Operation, original: Operation, { table, uses, leaves, outer }: Pass): Value | undefined {
  const rewrite = table[current.type]
  if (rewrite === undefined) return undefined
  const ranked = [...current.inputs, current.outputs[0]].every((value) => value === null || isRanked(value))
  if (!ranked && current.type !== 'Identity') return undefined
  // What an outer value is made of belongs outside: taken in, it would be computed again, in a loop at every turn.
  if (current.inputs.some((value) => value !== null && outer.has(value) && !constantOf(value))) return undefined
  const once = (position: number): boolean => {
    const read = original.inputs[position]
    return read !== null && read !== undefined && uses.get(read) === 1
  }
  return rewrite({ operation: current, x: current.inputs as readonly Value[], y: current.outputs[0], once, leaves })
}

function moved(operation: Operation, mapped: ReadonlyMap<Value, Value>, pass: Pass): Operation {
  const to = (value: Value): Value => mapped.get(value) ?? value
  if (operation.bodies !== undefined) return movedWithBodies(operation, mapped, pass)
  if (!operation.inputs.some((value) => value !== null && mapped.has(value))) return operation
  return reapply(
    operation,
    operation.inputs.map((value) => value && to(value)),
  )[0].operation
}

function movedWithBodies(operation: Operation, mapped: ReadonlyMap<Value, Value>, pass: Pass): Operation {
  const to = (value: Value): Value => mapped.get(value) ?? value
  let changed = operands(operation).some((value) => value !== null && mapped.has(value))
  const bodies: Record<string, Body> = {}
  const captured = new Set(operation.captures.map(to))
  for (const [key, body] of Object.entries(operation.bodies!)) {
    const stop = new Set([...operation.captures, ...body.inputs])
    const inner = new Map(
      [...operation.captures].flatMap((value) => (mapped.has(value) ? [[value, to(value)] as const] : [])),
    )
    const within: Pass = {
      ...pass,
      uses: countUses(body.outputs, stop),
      known: pass.improve === simpler ? createInterner() : pass.known,
      outer: captured,
      rewritten: 0,
    }
    rebuild(body.outputs, inner, stop, within)
    pass.rewritten += within.rewritten
    const outputs = body.outputs.map((value) => inner.get(value) ?? value)
    changed ||= outputs.some((value, i) => value !== body.outputs[i])
    bodies[key] = { inputs: body.inputs, outputs }
  }
  if (!changed) return operation
  const captures = [
    ...new Set(Object.values(bodies).flatMap((body) => capturesOf(body, (value) => captured.has(value)))),
  ]
  return reapply(
    operation,
    operation.inputs.map((value) => value && to(value)),
    { captures, bodies },
  )[0].operation
}
