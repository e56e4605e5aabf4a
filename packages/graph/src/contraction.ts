import { broadcastDim, type Call, refuse, text } from './schema.ts'
import type { Dim, Value } from './value.ts'

/** An Einstein sum: a label for each axis of each operand, and of the result. */
export interface Contraction {
  readonly terms: readonly (readonly string[])[]
  readonly result: readonly string[]
}

/** Labels of axes. */
export const LETTERS: readonly string[] = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ']

/**
 * Returns the contraction that a call of Einsum asks for, axes under an ellipsis labelled too (aligned at the last).
 * Throws `EQUATION_INVALID`, `SHAPE_MISMATCH`.
 */
export function contractionOf(call: Call): Contraction {
  const equation = text(call, 'equation', '').replaceAll(' ', '')
  const invalid = (because: string, hint?: string) =>
    refuse(call, 'EQUATION_INVALID', `the equation "${equation}" ${because}`, hint)
  if (
    !/^([a-zA-Z]*(\.\.\.)?[a-zA-Z]*)(,([a-zA-Z]*(\.\.\.)?[a-zA-Z]*))*(->[a-zA-Z]*(\.\.\.)?[a-zA-Z]*)?$/.test(equation)
  )
    throw invalid('is none', 'write letters for axes, as in "bij,bjk->bik"; "..." stands for any others')
  const [left, right] = equation.split('->')
  const parts = left.split(',')
  if (parts.length !== call.inputs.length)
    throw invalid(`names ${parts.length} operands, but ${call.inputs.length} are given`)
  const named = [...left].filter((one) => /[a-zA-Z]/.test(one))
  const free = LETTERS.filter((letter) => !equation.includes(letter))
  const hidden = parts.map((part, i) => {
    const rank = call.inputs[i]!.shape.length
    const letters = part.replace('...', '').length
    if (part.includes('...') ? letters > rank : letters !== rank)
      throw refuse(call, 'SHAPE_MISMATCH', `"${part}" of the equation names ${letters} axes of an operand of ${rank}`)
    return rank - letters
  })
  const most = Math.max(0, ...hidden)
  if (most > free.length) throw invalid('has too many axes')
  const under = free.slice(0, most)
  const spread = (part: string, count: number): string[] => [...part.replace('...', under.slice(most - count).join(''))]
  const terms = parts.map((part, i) => spread(part, hidden[i]))
  // without a result all labels stay that are met once, in the order of the alphabet
  const once = [...new Set(named)].filter((letter) => named.indexOf(letter) === named.lastIndexOf(letter)).sort()
  const result = right === undefined ? [...under, ...once] : spread(right, most)
  for (const [i, label] of result.entries()) {
    if (result.indexOf(label) !== i) throw invalid(`has ${label} twice in its result`)
    if (!terms.some((term) => term.includes(label))) throw invalid(`has ${label} only in its result`)
  }
  return { terms, result }
}

/** Returns the size that each label has. Throws `SHAPE_MISMATCH`. */
export function labelSizes(call: Call, { terms }: Contraction): ReadonlyMap<string, Dim> {
  const sizes = new Map<string, Dim>()
  for (const [i, term] of terms.entries())
    for (const [axis, label] of term.entries()) {
      const [known, dim] = [sizes.get(label), (call.inputs[i] as Value).shape[axis]]
      const size = known === undefined ? dim : broadcastDim(known, dim)
      if (size === undefined)
        throw refuse(call, 'SHAPE_MISMATCH', `sizes ${known} and ${dim} of one label of the equation differ`)
      sizes.set(label, size)
    }
  return sizes
}

/** Returns the equation of a contraction without an ellipsis: the runtime wants the same number of axes under each. */
export const equationOf = ({ terms, result }: Contraction): string =>
  `${terms.map((term) => term.join('')).join()}->${result.join('')}`
