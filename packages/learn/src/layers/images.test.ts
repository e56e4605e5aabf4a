import { tensor } from '@mlpod/contract'
import { checkGrad, compile, input, openSession, sin } from '@mlpod/graph'
import { expect, test } from 'vitest'
import {
  channelShuffle,
  conv,
  cropping,
  deformConv,
  fold,
  fractionalMaxPool,
  type Layer,
  network,
  padding,
  pixelShuffle,
  pixelUnshuffle,
  unfold,
  upsample,
} from './index.ts'

const wave = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7))
const code = (name: string) => expect.objectContaining({ code: name })

test('a deformable convolution begins as the plain one, and learns its offsets', async () => {
  const x = input('x', 'float32', ['n', 2, 5, 5])
  const feeds = { x: tensor('float32', [1, 2, 5, 5], wave(50)) }
  const { weight, bias } = network(conv(3, 3, { padding: 1 }), x, { seed: 2 }).values
  for (const modulated of [false, true]) {
    const layer = deformConv(3, 3, { padding: 1, modulated })
    const moves = modulated ? 27 : 18
    // offsets from 0.2 to 0.8: no element comes near the kinks of the interpolation at whole places
    const of = (offset: number) => ({
      weight,
      bias,
      offset_weight: tensor(
        'float32',
        [moves, 2, 3, 3],
        wave(moves * 18).map((one) => one * offset * 0.25),
      ),
      offset_bias: tensor('float32', [moves], new Float32Array(moves).fill(offset * 5)),
    })
    const plain = network(conv(3, 3, { padding: 1 }), x, { parameters: { weight, bias } }).output
    await using session = await openSession(
      compile({ outputs: { plain, moved: network(layer, x, { parameters: of(0) }).output } }),
    )
    const found = await session.run(feeds)
    for (const [i, value] of (found.plain.data as Float32Array).entries())
      expect(found.moved.data[i]).toBeCloseTo(value, 5)
    const { output, parameters } = network(layer, x, { parameters: of(0.1) })
    const checked = await checkGrad({
      outputs: [sin(output)],
      wrt: [x, ...Object.values(parameters)],
      feeds,
      tolerance: 4e-2,
    })
    expect(checked, JSON.stringify(checked)).toMatchObject({ passed: true })
  }
})

test('pixels shuffled and unshuffled are as they were', async () => {
  const x = input('x', 'float32', ['n', 2, 4, 6])
  const y = network((value, scope) => pixelShuffle(2)(pixelUnshuffle(2)(value, scope), scope), x).output
  await using session = await openSession(compile({ outputs: { y } }))
  const data = wave(48)
  expect([...((await session.run({ x: tensor('float32', [1, 2, 4, 6], data) })).y.data as Float32Array)]).toEqual([
    ...data,
  ])
})

test('image layers that cannot be are refused when they are made', () => {
  const refused: readonly (() => Layer)[] = [
    () => pixelShuffle(0),
    () => pixelUnshuffle(1.5),
    () => channelShuffle(0),
    () => upsample({}),
    () => upsample({ scale: 2, size: 4 }),
    () => upsample({ scale: -1 }),
    () => upsample({ size: 1.5 }),
    () => upsample({ scale: 2, mode: 'area' }),
    () => upsample({ scale: 2, alignCorners: true }),
    () => padding(-1),
    () => cropping([[1, 0.5]]),
    () => unfold([0, 2]),
    () => fold([4, 4], [2]),
    () => fractionalMaxPool(2, 2, { u: 1 }),
    () => deformConv(0, 3),
  ]
  for (const make of refused) expect(make, String(make)).toThrow(code('LAYER_INVALID'))
})

test('images that do not fit are refused when the layer is built', () => {
  const image = input('x', 'float32', ['n', 3, 4, 4])
  const refused: readonly Layer[] = [
    pixelShuffle(2),
    padding([1]),
    padding(4, { mode: 'reflect' }),
    padding(5, { mode: 'circular' }),
    cropping(2),
    cropping([1]),
    unfold([2]),
    fold([4, 4], [2, 2]),
    upsample({ scale: [2] }),
    fractionalMaxPool(3, 3),
  ]
  for (const [i, layer] of refused.entries())
    expect(() => network(layer, image, { seed: 0 }), String(i)).toThrow(code('SHAPE_MISMATCH'))
  expect(() => network(channelShuffle(2), image)).toThrow('3 channels do not divide into 2 groups')
  const flat = input('x', 'float32', ['n', 3])
  for (const layer of [pixelUnshuffle(2), upsample({ scale: 2 }), padding(1), cropping(1), deformConv(2, 3)])
    expect(() => network(layer, flat, { seed: 0 })).toThrow(code('SHAPE_MISMATCH'))
})
