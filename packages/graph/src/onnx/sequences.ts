import { intsOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { concat, split, squeeze, unsqueeze } from '../operators/structure.ts'
import { int } from '../schema.ts'
import { isRanked, type Operation, type Value } from '../value.ts'
import type { OldNode } from './upgrade.ts'

/**
 * Returns the elements of a sequence whose length is known before a run, or undefined. Exporters write sequences for
 * `chunk`, `split` and `unbind`: seen through, these have derivatives.
 */
function elementsOf(sequence: Value | null | undefined): readonly Value[] | undefined {
  return sequence ? READERS[sequence.operation.type]?.(sequence.operation) : undefined
}

type Reader = (operation: Operation) => readonly Value[] | undefined

const READERS: Readonly<Record<string, Reader | undefined>> = {
  SequenceEmpty: () => [],
  SequenceConstruct: ({ inputs }) => inputs as readonly Value[],
  SplitToSequence: ({ inputs: [x, sizes], ...operation }) => {
    if (!x || !isRanked(x)) return undefined
    const axis = int(operation, 'axis', 0)
    const along = axis < 0 ? axis + x.shape.length : axis
    const whole = x.shape[along]
    const keep = int(operation, 'keepdims', 1) === 1
    if (!sizes) {
      if (typeof whole !== 'number') return undefined
      const parts = whole === 1 ? [x] : split(x, whole, { axis: along })
      return keep ? parts : parts.map((part) => squeeze(part, [along]))
    }
    const known = intsOf(sizes)
    if (known === undefined) return undefined
    if (sizes.shape.length > 0) return split(x, known, { axis: along })
    if (typeof whole !== 'number') return undefined
    const [size] = known
    const lengths = Array.from({ length: Math.ceil(whole / size) }, (_, i) => Math.min(size, whole - i * size))
    return lengths.length === 1 ? [x] : split(x, lengths, { axis: along })
  },
  SequenceInsert: ({ inputs: [sequence, element, position] }) => {
    const elements = elementsOf(sequence)
    const at = position ? placeIn(position, elements) : elements?.length
    return elements && at !== undefined ? elements.toSpliced(at, 0, element!) : undefined
  },
  SequenceErase: ({ inputs: [sequence, position] }) => {
    const elements = elementsOf(sequence)
    const at = position ? placeIn(position, elements) : elements && elements.length - 1
    return elements && at !== undefined ? elements.toSpliced(at, 1) : undefined
  },
  Identity: ({ inputs: [sequence] }) => elementsOf(sequence),
}

function placeIn(position: Value, elements: readonly Value[] | undefined): number | undefined {
  const [at] = intsOf(position) ?? []
  return at === undefined || elements === undefined ? undefined : at < 0 ? at + elements.length : at
}

const CONSUMERS: Readonly<Record<string, ((node: OldNode) => Value | undefined) | undefined>> = {
  SequenceAt: ({ inputs: [sequence, position] }) => {
    const elements = elementsOf(sequence)
    const at = position ? placeIn(position, elements) : undefined
    return at === undefined ? undefined : elements?.[at]
  },
  SequenceLength: ({ inputs: [sequence] }) => {
    const elements = elementsOf(sequence)
    return elements && constant(elements.length, 'int64')
  },
  ConcatFromSequence: ({ inputs: [sequence], ...node }) => {
    const elements = elementsOf(sequence)
    if (elements === undefined || elements.length === 0 || !elements.every(isRanked)) return undefined
    const axis = int(node, 'axis', 0)
    const fresh = int(node, 'new_axis', 0) === 1
    const rank = elements[0].shape.length + (fresh ? 1 : 0)
    const along = axis < 0 ? axis + rank : axis
    return concat(fresh ? elements.map((element) => unsqueeze(element, [along])) : elements, { axis: along })
  },
}

/** Returns what a node takes out of a sequence, where that is known before a run. */
export const fromSequence = (node: OldNode): Value | undefined => CONSUMERS[node.type]?.(node)
