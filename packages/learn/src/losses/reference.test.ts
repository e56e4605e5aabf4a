import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, grad, input, openSession, reduceSum, type Value } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import cases from '../../../../conformance/learn/losses.json' with { type: 'json' }
import { jointLosses, losses } from './index.ts'
import { type JointLoss, jointLossValue, type LossOptions, lossValue } from './loss.ts'

interface Case {
  readonly peer: string
  readonly name: string
  readonly options: object
  readonly reduction: string
  readonly values: Readonly<Record<string, { dtype: string; shape: readonly number[]; data: readonly number[] }>>
  readonly loss: readonly number[]
  readonly gradients: Readonly<Record<string, readonly number[]>>
}

const tensorOf = ({ dtype, shape, data }: Case['values'][string], float: 'float32' | 'float64'): Tensor =>
  dtype === 'int64'
    ? tensor('int64', shape, BigInt64Array.from(data, BigInt))
    : tensor(float, shape, float === 'float32' ? Float32Array.from(data) : Float64Array.from(data))

/** What is not of rows. */
const shared = new Set(['weight', 'bias', 'head', 'headBias', 'down0', 'up0', 'down1', 'up1'])

/** Returns the loss of a case as a graph: its leaves by name, and the value. */
function graphOf({ name, options, values, reduction }: Case, float: 'float32' | 'float64', named: boolean) {
  const leaves = Object.fromEntries(
    Object.entries(values).map(([key, { dtype, shape }]) => [
      key,
      input(
        key,
        (dtype === 'int64' ? dtype : float) as DataType,
        named && !shared.has(key) ? ['N', ...shape.slice(1)] : shape,
      ),
    ]),
  ) as Readonly<Record<string, Value>>
  const how = { reduction } as LossOptions
  if (name in losses) {
    const { prediction, target } = leaves
    return { leaves, value: lossValue(made(losses[name as 'mse'], options), prediction, target, how) }
  }
  const loss = made(jointLosses[name as 'ctc'], options) as unknown as JointLoss<unknown>
  const tails = [0, 1].map((i) => ({ down: leaves[`down${i}`], up: leaves[`up${i}`] }))
  return { leaves, value: jointLossValue(loss, name === 'adaptiveLogSoftmax' ? { ...leaves, tails } : leaves, how) }
}

const made = <L>(make: (options: never) => L, options: object): L => make(options as never)

/** No point for differences: a kink, or a derivative that is not that of the value. */
const kinks = (name: string, options: object): boolean =>
  name === 'mae' ||
  ('beta' in options && options.beta === 0) ||
  'clip' in options ||
  (name === 'gaussianNll' && 'epsilon' in options)
/** Those that an activation in single precision is part of. */
const single = new Set(['multiclassSparsemax'])

describe.each(
  (cases as unknown as readonly Case[]).map((entry, i) => ({
    ...entry,
    what: `${i} ${entry.name} ${JSON.stringify(entry.options)} ${entry.reduction} of ${entry.peer}`,
  })),
)('$what', (entry) => {
  const wrt = Object.keys(entry.gradients)
  const tensors = (float: 'float32' | 'float64') =>
    Object.fromEntries(Object.entries(entry.values).map(([key, value]) => [key, tensorOf(value, float)]))

  test.each(single.has(entry.name) ? (['float32'] as const) : (['float32', 'float64'] as const))(
    'value and gradients in %s',
    async (float) => {
      const { leaves, value } = graphOf(entry, float, true)
      const gradients = grad(
        reduceSum(value),
        wrt.map((key) => leaves[key]),
      )
      const outputs = { value, ...Object.fromEntries(wrt.map((key, i) => [key, gradients[i]])) }
      await using session = await openSession(
        compile({
          inputs: leaves,
          outputs: Object.fromEntries(Object.entries(outputs).map(([k, v]) => [`of ${k}`, v])),
        }),
        { optimization: 'basic' },
      )
      const found = await session.run(tensors(float))
      // Keras computes some of it in single precision whatever it is told
      const tolerance = entry.peer === 'keras' ? 5e-5 : float === 'float32' ? 2e-5 : 2e-7
      const compare = (name: string, expected: readonly number[]): void => {
        const numbers = Array.from(found[`of ${name}`].data as Float64Array)
        expect(numbers.length).toBe(expected.length)
        numbers.forEach((number, i) => {
          const scale = Math.max(1, Math.abs(expected[i]))
          expect(Math.abs(number - expected[i]) / scale, `${name}[${i}]: ${number} for ${expected[i]}`).toBeLessThan(
            tolerance,
          )
        })
      }
      compare('value', entry.loss)
      for (const key of wrt) compare(key, entry.gradients[key])
    },
  )

  if (!kinks(entry.name, entry.options) && !single.has(entry.name) && wrt.length > 0)
    test.each([true, false])('derivatives of derivatives agree with differences, sizes unknown: %s', async (named) => {
      const { leaves, value } = graphOf(entry, 'float64', named)
      const points = wrt.map((key) => leaves[key])
      const feeds = tensors('float64')
      const outputs = grad(reduceSum(value), points)
      expect(await checkGrad({ outputs, wrt: points, feeds, samples: 6 })).toMatchObject({ passed: true })
    })
})
