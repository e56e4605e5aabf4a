import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { compile, input, openSession, type Value } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import { farmHash } from '../preprocess/farmHash.ts'
import { type Hashable, hashedCrossing, hashing } from '../preprocess/hashing.ts'
import { fitTexts, fitVocabulary, standardizeText, type TokenOptions, textTokens } from '../preprocess/texts.ts'
import {
  type CategoryOutput,
  categoryEncoding,
  discretization,
  fitDiscretization,
  fitNormalization,
  integerLookup,
  inverseLookup,
  type Layer,
  network,
  normalization,
  rescaling,
  stringLookup,
  type TextVectorizationOptions,
  textVectorization,
} from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const keras: {
  readonly normalization: Readonly<Record<'x' | 'y' | 'mean' | 'variance' | 'all' | 'back', Entry>>
  readonly rescaling: Readonly<Record<'x' | 'y', Entry>>
  readonly discretization: Readonly<Record<'x' | 'int' | 'oneHot' | 'multiHot' | 'count', Entry>> & {
    readonly boundaries: readonly number[]
    readonly fits: readonly { readonly x: Entry; readonly bins: number; readonly boundaries: readonly number[] }[]
  }
  readonly categoryEncoding: Readonly<
    Record<'x' | 'w' | 'oneHot' | 'oneHot single' | 'multiHot' | 'count' | 'weighted', Entry>
  >
  readonly stringLookup: {
    readonly words: readonly string[]
    readonly vocabulary: readonly string[]
    readonly cases: readonly {
      readonly mask: string | null
      readonly output: CategoryOutput
      readonly y: Entry
      readonly weights?: readonly number[]
    }[]
    readonly 'none unknown': Entry
    readonly inverse: readonly string[]
  }
  readonly integerLookup: {
    readonly x: Entry
    readonly vocabulary: readonly number[]
    readonly cases: readonly {
      readonly options: {
        readonly mask_token?: number
        readonly num_oov_indices?: number
        readonly output_mode?: 'multi_hot' | 'count'
      }
      readonly y: Entry
    }[]
  }
  readonly hashing: Readonly<
    Record<'y' | 'keras' | 'masked' | 'numbers' | 'floats' | 'crossing' | 'crossing numbers' | 'crossing three', Entry>
  > & {
    readonly texts: readonly string[]
    readonly bins: number
    readonly a: readonly string[]
    readonly b: readonly string[]
    readonly k: readonly number[]
  }
  readonly texts: {
    readonly corpus: readonly string[]
    readonly asked: readonly string[]
    readonly cases: readonly {
      readonly options: TextVectorizationOptions & { readonly most?: number }
      readonly y: Entry
      readonly vocabulary: readonly string[]
      readonly weights?: readonly number[]
    }[]
    readonly tokens: readonly { readonly options: TokenOptions; readonly tokens: readonly string[] }[]
  }
} = JSON.parse(readFileSync(new URL('../../../../conformance/learn/keras_preprocessing.json', import.meta.url), 'utf8'))

const floats = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))
const integers = ({ shape, data }: Entry): Tensor<'int64'> => tensor('int64', shape, BigInt64Array.from(data, BigInt))
const strings = (shape: readonly number[], data: readonly string[]): Tensor<'string'> => tensor('string', shape, data)

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

/** What a layer makes of a tensor. */
async function made(layer: Layer, x: Tensor): Promise<Tensor> {
  const place = input('x', x.dtype, ['batch', ...x.shape.slice(1)])
  return (await run({ y: network(layer, place).output }, { x })).y
}

const close = (found: Tensor, wanted: Entry, tolerance = 1e-5): void => {
  expect(found.shape).toEqual(wanted.shape)
  for (const [i, value] of wanted.data.entries())
    expect(Math.abs(Number(found.data[i]) - value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
}

const invalid = expect.objectContaining({ code: 'LAYER_INVALID' })

test('numbers are normalised and rescaled as in Keras, and back', async () => {
  const { x, y, mean, variance, all, back } = keras.normalization
  const fitted = fitNormalization(floats(x))
  close(tensor('float32', mean.shape, Float32Array.from([fitted.mean].flat())), mean)
  close(tensor('float32', variance.shape, Float32Array.from([fitted.variance].flat())), variance)
  close(await made(normalization(fitted), floats(x)), y)
  close(await made(normalization(fitNormalization(floats(x), { all: true })), floats(x)), all)
  const given = { mean: [1, 2, 3], variance: [4, 0, 1] }
  close(await made(normalization(given, { inverse: true }), floats(x)), back)
  close(await made(rescaling(1 / 127.5, -1), floats(keras.rescaling.x)), keras.rescaling.y)
  expect(() => normalization({ mean: 0, variance: -1 })).toThrow(invalid)
})

test('numbers come into bins as in Keras', async () => {
  const { boundaries, x, fits } = keras.discretization
  for (const output of ['int', 'oneHot', 'multiHot', 'count'] as const)
    close(await made(discretization(boundaries, { output }), floats(x)), keras.discretization[output])
  for (const fit of fits) {
    const found = fitDiscretization(floats(fit.x), fit.bins)
    expect(found.length).toBe(fit.boundaries.length)
    for (const [i, value] of fit.boundaries.entries()) expect(found[i]).toBeCloseTo(value, 5)
  }
  expect(() => discretization([1, 1])).toThrow('do not rise')
})

test('categories are encoded as in Keras, and what is no category counts nowhere', async () => {
  const { x, w, ...wanted } = keras.categoryEncoding
  for (const output of ['oneHot', 'multiHot', 'count'] as const)
    close(await made(categoryEncoding(4, { output }), integers(x)), wanted[output])
  const single = integers({ shape: [2, 1], data: [x.data[0], x.data[3]] })
  close(await made(categoryEncoding(4, { output: 'oneHot' }), single), wanted['oneHot single'])
  const weights = input('w', 'float32', ['batch', 3])
  const { output } = network(categoryEncoding(4, { output: 'count', weights }), input('x', 'int64', ['batch', 3]))
  close((await run({ output }, { x: integers(x), w: floats(w) })).output, wanted.weighted)
  const odd = integers({ shape: [1, 3], data: [-1, 9, 2] })
  expect(Array.from((await made(categoryEncoding(4), odd)).data as Float32Array)).toEqual([0, 0, 1, 0])
  expect(() => categoryEncoding(4, { weights })).toThrow(invalid)
})

describe('tokens are looked up as in Keras', () => {
  const { words, vocabulary, cases } = keras.stringLookup
  test.each(cases.map((entry) => [`${entry.mask === null ? 'no mask' : 'mask'}, ${entry.output}`, entry] as const))(
    '%s',
    async (_, { mask, output, weights, y }) => {
      const layer = stringLookup(vocabulary, { ...(mask !== null && { mask }), output, ...(weights && { weights }) })
      close(await made(layer, strings([2, 3], words)), y)
    },
  )
  test('without an index for what is unknown, and back from indices', async () => {
    const none = stringLookup(vocabulary, { unknown: 0 })
    close(await made(none, strings([2, 2], ['a', 'c', 'b', 'a'])), keras.stringLookup['none unknown'])
    expect((await made(none, strings([1, 1], ['z']))).data[0]).toBe(-1n)
    const back = await made(inverseLookup(vocabulary, { mask: '' }), integers({ shape: [6], data: [0, 1, 2, 3, 4, 9] }))
    expect(back.data).toEqual(keras.stringLookup.inverse)
  })
  test('whole numbers', async () => {
    for (const { options, y } of keras.integerLookup.cases) {
      const { mask_token: mask, num_oov_indices: unknown, output_mode: mode } = options
      const layer = integerLookup(keras.integerLookup.vocabulary, {
        ...(mask !== undefined && { mask }),
        ...(unknown !== undefined && { unknown }),
        ...(mode && { output: ({ multi_hot: 'multiHot', count: 'count' } as const)[mode] }),
      })
      close(await made(layer, integers(keras.integerLookup.x)), y)
    }
  })
  test('lookups that cannot be are refused', () => {
    expect(() => stringLookup([])).toThrow('empty vocabulary')
    expect(() => stringLookup(['a', 'b', 'a'])).toThrow('lists "a" twice')
    expect(() => stringLookup(['a'], { unknown: 2 })).toThrow(invalid)
    expect(() => stringLookup(['a'], { output: 'tfIdf' })).toThrow('needs 2 weights')
    expect(() => network(stringLookup(['a']), input('x', 'int64', ['n', 1]))).toThrow('takes strings')
  })
})

describe('values are hashed as by TensorFlow and Keras', () => {
  const { hashing: wanted } = keras
  const bins = (entry: Entry): bigint[] => entry.data.map(BigInt)
  test('texts of every length', () => {
    expect(Array.from(hashing(wanted.texts, wanted.bins))).toEqual(bins(wanted.y))
    expect(farmHash('')).toBe(0x9ae16a3b2f90404fn)
  })
  test('numbers, and with a mask', () => {
    expect(Array.from(hashing(['A', 'B', 'C', ''], 7))).toEqual(bins(wanted.keras))
    expect(Array.from(hashing(['A', 'B', 'C', ''], 5, { mask: '' }))).toEqual(bins(wanted.masked))
    expect(Array.from(hashing([5, -12, 123456789], 11))).toEqual(bins(wanted.numbers))
    expect(Array.from(hashing([5.7, -12.2], 11))).toEqual(bins(wanted.floats))
  })
  test('columns crossed', () => {
    const { a, b, k } = wanted
    const cross = (...columns: (readonly Hashable[])[]): bigint[] => Array.from(hashedCrossing(columns, 1000))
    expect(cross(a, b)).toEqual(bins(wanted.crossing))
    expect(cross(a, k)).toEqual(bins(wanted['crossing numbers']))
    expect(cross(a, k, b)).toEqual(bins(wanted['crossing three']))
  })
  test('what cannot be is refused', () => {
    expect(() => hashing(['a'], 0)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }))
    expect(() => hashing([Number.NaN], 3)).toThrow(expect.objectContaining({ code: 'VALUE_RANGE' }))
    expect(() => hashedCrossing([['a'], ['b', 'c']], 3)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }))
  })
})

describe('texts become numbers as in Keras', () => {
  const { corpus, asked, cases, tokens } = keras.texts
  test.each(cases.map((entry) => [JSON.stringify(entry.options), entry] as const))(
    '%s',
    async (_, { options: { most, ...options }, y, vocabulary, weights }) => {
      const fitted = fitTexts(corpus, { ...(most !== undefined && { most }) })
      expect(fitted.tokens).toEqual(vocabulary)
      for (const [i, weight] of (weights ?? []).entries()) expect(fitted.weights[i]).toBeCloseTo(weight, 5)
      const layer = textVectorization(fitted.tokens, { ...options, ...(weights && { weights: fitted.weights }) })
      const clean = asked.map((text) => standardizeText(text, 'stripPunctuation'))
      close(await made(layer, strings([3, 1], clean)), y)
      close(await made(layer, strings([3], clean)), y)
    },
  )
  test.each(tokens.map((entry) => [JSON.stringify(entry.options), entry] as const))(
    'tokens of %s',
    (_, { options, tokens: wanted }) => {
      expect(textTokens(corpus[2], options)).toEqual(wanted)
    },
  )
  test('vocabularies of numbers, and ties', () => {
    expect(
      fitVocabulary([
        [3, 1, 3],
        [2, 1],
      ]).tokens,
    ).toEqual([3, 1, 2])
    expect(fitVocabulary([['é', '😀', 'z', '\uffee']]).tokens).toEqual(['😀', '\uffee', 'é', 'z'])
  })
  test('what cannot be is refused', () => {
    expect(() => textVectorization(['a'], { output: 'count', length: 3 })).toThrow(invalid)
    expect(() => network(textVectorization(['a']), input('x', 'string', ['n', 2]))).toThrow('takes strings')
  })
})
