import { PodError } from '@mlpod/contract'
import { reapply } from './apply.ts'
import { type Batched, type BatchSize, batchOf, mapped } from './batching/batched.ts'
import { batchRules } from './batching/rules.ts'
import { compositions } from './compositions/index.ts'
import { constant, formal } from './leaf.ts'
import { scan } from './operators/control.ts'
import { shape } from './operators/structure.ts'
import { type OperatorName, schemaOf } from './schemas/index.ts'
import { expand } from './simplify/index.ts'
import { attributed, capture } from './site.ts'
import { substitute } from './substitute.ts'
import { describe, dtypeOf, isValue, type Operation, type Value } from './value.ts'
import { operands, topological } from './walk.ts'

/**
 * Returns a function of one example for all examples at once: `make` sees an element of each value, taken along `axis`
 * (default 0), and what it makes comes back stacked on a new first axis. Most operators work on the whole batch; one that
 * cannot goes through it in a Scan. Throws `AXIS_OUT_OF_RANGE`, `SHAPE_MISMATCH` for lengths that differ.
 * Source: jax.vmap, torch.func.vmap.
 */
export function vmap<R extends Value | readonly Value[]>(
  make: (...elements: readonly Value[]) => R,
  values: readonly Value[],
  { axis = 0 }: { readonly axis?: number } = {},
): R {
  const site = capture()
  return attributed(site, () => {
    const batches = values.map((value, i) => {
      if (axis < 0 || axis >= value.shape.length)
        throw new PodError('AXIS_OUT_OF_RANGE', `value ${i} of vmap is ${describe(value)}, which has no axis ${axis}`, {
          at: site.at,
        })
      return batchOf(value, axis)
    })
    const sizes = batches.map((value) => value.shape[0])
    const known = sizes.filter((dim) => typeof dim === 'number')
    if (new Set(known).size > 1)
      throw new PodError('SHAPE_MISMATCH', `vmap goes through ${sizes.join(', ')} examples`, {
        at: site.at,
        hint: 'give all values one number of examples',
      })
    const dim = known[0] ?? sizes[0]
    const size: BatchSize = {
      dim,
      sizes: typeof dim === 'number' ? constant([dim], 'int64') : shape(batches[0], 0, 1),
    }
    const elements = batches.map((value, i) => formal(`example${i}`, dtypeOf(value), value.shape.slice(1)))
    const made = make(...elements)
    const list: readonly Value[] = isValue(made) ? [made] : made
    const results = batch(list, new Map(elements.map((element, i) => [element, batches[i]])), size)
    return (isValue(made) ? results[0] : results) as R
  })
}

/** Returns the outputs for a batch of each replaced value. */
function batch(outputs: readonly Value[], replaced: ReadonlyMap<Value, Value>, size: BatchSize): Value[] {
  const plain = expand(outputs)
  const known = new Map<Value, Batched>([...replaced].map(([key, value]) => [key, { value, batched: true }]))
  walk(plain, known, new Set(replaced.keys()), size)
  return plain.map((value) => mapped(known.get(value) ?? { value, batched: false }, value.shape.length, size))
}

/** Finds what stands for all that the outputs need, down to the values of `stop`. */
function walk(outputs: readonly Value[], known: Map<Value, Batched>, stop: ReadonlySet<Value>, size: BatchSize): void {
  const at = (value: Value): Batched => known.get(value) ?? { value, batched: false }
  for (const operation of topological(outputs, stop)) {
    if (!operands(operation).some((value) => value !== null && known.has(value))) continue
    const x = operation.inputs.map((value) => value && at(value))
    const results = attributed(
      operation.meta.site,
      () => rule(operation, x, size) ?? byParts(operation, known, size) ?? oneByOne(operation, known),
    )
    for (const [i, value] of operation.outputs.entries()) known.set(value, results[i])
  }
}

/** What an operator is made of takes a batch part by part; undefined where that is not known. */
function byParts(
  operation: Operation,
  known: ReadonlyMap<Value, Batched>,
  size: BatchSize,
): readonly Batched[] | undefined {
  const parts = partsOf(operation)
  if (parts === undefined) return undefined
  const reads = new Set(operation.inputs.filter((value) => value !== null))
  // a part of it may be another use of itself
  if (topological(parts, reads).some(({ type, domain }) => type === operation.type && domain === operation.domain))
    return undefined
  const found = new Map(known)
  walk(parts, found, reads, size)
  return parts.map((value) => found.get(value) ?? { value, batched: false })
}

function partsOf(operation: Operation): readonly Value[] | undefined {
  const schema = schemaOf(operation.domain, operation.type)
  const compose = schema === undefined || schema.random ? undefined : compositions[operation.type as OperatorName]
  if (compose === undefined) return undefined
  try {
    const parts = compose(operation).slice(0, operation.outputs.length)
    return parts.length > 0 && !parts.includes(undefined) ? (parts as readonly Value[]) : undefined
  } catch (error) {
    // what only a run tells keeps an operator whole
    if (error instanceof PodError) return undefined
    throw error
  }
}

function rule(operation: Operation, x: readonly (Batched | null)[], size: BatchSize): readonly Batched[] | undefined {
  if (operation.bodies !== undefined || operation.captures.length > 0 || operation.definition !== undefined)
    return undefined
  if (operation.domain !== '') return undefined
  // what only reads sizes is the same for all examples
  if (x.every((read) => read?.batched !== true))
    return reapply(
      operation,
      x.map((read) => read?.value ?? null),
    ).map((value) => ({ value, batched: false }))
  const found = batchRules[operation.type]?.({ operation, x, size })
  if (found === undefined) return undefined
  return found.map((result) => (isValue(result) ? { value: result, batched: true } : result))
}

/** What works for every operator: a Scan through the batch. */
function oneByOne(operation: Operation, known: ReadonlyMap<Value, Batched>): readonly Batched[] {
  const read = [...new Set(operands(operation))].flatMap((value) => {
    const found = value && known.get(value)
    return found ? [[value, found] as const] : []
  })
  const moved = new Map(read.flatMap(([value, { value: now, batched }]) => (batched ? [] : [[value, now] as const])))
  const varied = read.filter(([, { batched }]) => batched)
  const values = varied.map(([, { value }]) => value)
  if (values.length === 0) return substitute(operation.outputs, moved).map((value) => ({ value, batched: false }))
  const results = scan([], values, (_, elements) => ({
    state: [],
    collect: substitute(
      operation.outputs,
      new Map([...moved, ...varied.map(([value], i) => [value, elements[i]] as const)]),
    ),
  }))
  return results.map((value) => ({ value, batched: true }))
}
