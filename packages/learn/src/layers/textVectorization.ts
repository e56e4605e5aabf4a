import { PodError } from '@mlpod/contract'
import { concat, constant, constantOfShape, reshape, shape, slice, stringNormalizer, stringSplit } from '@mlpod/graph'
import { type CategoryOutput, stringLookup } from './categories.ts'
import type { Layer } from './layer.ts'
import { unfit, whole } from './shape.ts'

// the locale that every machine has
const ASCII_LOWER = { change: 'LOWER', caseSensitive: true, locale: 'C' } as const

/** Settings of `textVectorization`. */
export interface TextVectorizationOptions {
  /** Whether letters of ASCII are lowered first (`standardizeText` lowers all). Default true. */
  readonly lower?: boolean
  /** Default `int`: an index a word, 0 beyond the last, 1 for a word that is not in the vocabulary. */
  readonly output?: Exclude<CategoryOutput, 'oneHot'>
  /** Words of each text with `int`: further ones are cut. Default those of the longest text of the batch. */
  readonly length?: number
  /** With `tfIdf`: what each index weighs, that of the unknown first; `fitTexts` gives them. */
  readonly weights?: readonly number[]
}

/**
 * Returns the layer that makes texts [batch] or [batch, 1] rows of words and words indices: int64 [batch, words], or float32
 * [batch, 1 + vocabulary]. The graph lowers and splits at white space; punctuation it cannot strip: put texts through
 * `standardizeText` before it, as `fitTexts` does. Source: Keras TextVectorization.
 */
export function textVectorization(
  vocabulary: readonly string[],
  { lower = true, output = 'int', length, weights }: TextVectorizationOptions = {},
): Layer {
  if (length !== undefined) whole('text vectorization', { length })
  if (length !== undefined && output !== 'int')
    throw new PodError(
      'LAYER_INVALID',
      `a length is for indices, and the output of the text vectorization is ${output}`,
    )
  const indices = stringLookup(vocabulary, { mask: '', output, ...(weights && { weights }) })
  return (x, scope) => {
    if (x.shape.length > 2 || (x.shape.length === 2 && x.shape[1] !== 1))
      throw unfit('text vectorization', 'strings [batch] or [batch, 1]', x, scope)
    const texts = x.shape.length === 1 ? x : reshape(x, [-1])
    const { parts } = stringSplit(lower ? stringNormalizer(texts, ASCII_LOWER) : texts)
    const found = indices(parts, scope)
    if (length === undefined) return found
    const filled = concat([shape(found, 0, 1), constant([length], 'int64')])
    return slice(concat([found, constantOfShape(filled, 0, 'int64')], { axis: 1 }), [0], [length], { axes: [1] })
  }
}
