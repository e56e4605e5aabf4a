import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, input, openSession } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import {
  centerCrop,
  type Layer,
  type MelOptions,
  melSpectrogram,
  network,
  type ResizingOptions,
  resizing,
  type SpectrogramOptions,
  stftSpectrogram,
} from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const keras: {
  readonly stft: {
    readonly x: Entry
    readonly cases: readonly { readonly options: SpectrogramOptions; readonly y: Entry }[]
  }
  readonly mel: { readonly x: Entry; readonly cases: readonly { readonly options: MelOptions; readonly y: Entry }[] }
  readonly images: {
    readonly x: Entry
    readonly resizing: readonly {
      readonly height: number
      readonly width: number
      readonly options: ResizingOptions
      readonly y: Entry
    }[]
    readonly crops: readonly { readonly height: number; readonly width: number; readonly y: Entry }[]
  }
} = JSON.parse(readFileSync(new URL('../../../../conformance/learn/signals.json', import.meta.url), 'utf8'))

const tensorOf = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))

async function holds(
  layer: Layer,
  x: Entry,
  wanted: Entry,
  tolerance = 1e-4,
  apart = (a: number, b: number): number => Math.abs(a - b),
): Promise<void> {
  const { output } = network(layer, input('x', 'float32', ['batch', ...x.shape.slice(1)]))
  await using session = await openSession(compile({ outputs: { y: output } }))
  const { y } = await session.run({ x: tensorOf(x) })
  expect(y.shape).toEqual(wanted.shape)
  for (const [i, value] of wanted.data.entries())
    expect(apart(Number(y.data[i]), value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
}

/** Angles of pi and -pi are one. */
const onCircle = (a: number, b: number): number => Math.abs(Math.sin((a - b) / 2))

describe('spectrograms are those of Keras', () => {
  test.each(keras.stft.cases.map((entry) => [JSON.stringify(entry.options), entry] as const))(
    '%s',
    (_, { options, y }) =>
      options.mode === 'angle'
        ? holds(stftSpectrogram(options), keras.stft.x, y, 1e-3, onCircle)
        : holds(stftSpectrogram(options), keras.stft.x, y),
  )
  test.each(keras.mel.cases.map((entry) => [`mel ${JSON.stringify(entry.options)}`, entry] as const))(
    '%s',
    (_, { options, y }) => holds(melSpectrogram(options), keras.mel.x, y, 1e-3),
  )
  test('they have derivatives', async () => {
    const x = input('x', 'float32', [1, 24])
    const { output } = network(melSpectrogram({ length: 16, step: 8, bands: 3, rate: 8000 }), x)
    const feeds = {
      x: tensor(
        'float32',
        [1, 24],
        Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
      ),
    }
    expect(await checkGrad({ outputs: [output], wrt: [x], feeds, tolerance: 4e-2 })).toMatchObject({ passed: true })
  })
  test('what cannot be is refused', () => {
    const code = (name: string) => expect.objectContaining({ code: name })
    expect(() => stftSpectrogram({ frame: 16, length: 8 })).toThrow(code('LAYER_INVALID'))
    expect(() => melSpectrogram({ low: 9000 })).toThrow(code('LAYER_INVALID'))
    expect(() => network(stftSpectrogram(), input('x', 'float32', [1, 1, 9]))).toThrow('256 samples or more')
  })
})

describe('images are resized and cropped as in Keras', () => {
  const { x, resizing: cases, crops } = keras.images
  test.each(
    cases.map((entry) => [`${entry.height} x ${entry.width} ${JSON.stringify(entry.options)}`, entry] as const),
  )('%s', (_, { height, width, options, y }) => holds(resizing(height, width, options), x, y))
  test.each(crops.map((entry) => [`crop ${entry.height} x ${entry.width}`, entry] as const))(
    '%s',
    (_, { height, width, y }) => holds(centerCrop(height, width), x, y),
  )
  test('what cannot be is refused', () => {
    expect(() => resizing(0, 2)).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
    expect(() => resizing(2, 2, { mode: 'nearest', antialias: true })).toThrow('averages nothing')
    expect(() => network(centerCrop(2, 2), input('x', 'float32', ['n', 3, 'h', 4]))).toThrow('a known size')
  })
})
