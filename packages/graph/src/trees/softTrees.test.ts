import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import {
  checkGrad,
  compile,
  constant,
  grad,
  input,
  type Loaded,
  load,
  mul,
  openSession,
  reduceSum,
  relu,
  softTrees,
  sub,
  type Value,
} from '../index.ts'

interface Case {
  readonly model: string
  readonly x: readonly (number | null)[]
  readonly scores: readonly number[]
}

const { models, features }: { models: Readonly<Record<string, Case>>; features: number } = JSON.parse(
  readFileSync(new URL('../../../../conformance/graph/trees.json', import.meta.url), 'utf8'),
)

const rowsOf = ({ x }: Case): Tensor =>
  tensor(
    'float32',
    [x.length / features, features],
    Float32Array.from(x, (value) => value ?? Number.NaN),
  )

const opened = ({ model }: Case): Loaded => load(Buffer.from(model, 'base64'))
const scoresOf = ({ outputs }: Loaded): Value => Object.values(outputs).at(-1)!
const rowsInput = ({ inputs }: Loaded): Value => Object.values(inputs)[0]

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  const results = await session.run(feeds, { validate: false })
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]))
}

describe.each(Object.entries(models))('%s', (_, entry) => {
  const loaded = opened(entry)
  const feeds = { [rowsInput(loaded).name!]: rowsOf(entry) }

  test('gives what the peer gives, as it is and made of plain operators', async () => {
    const scores = scoresOf(loaded)
    const plain = softTrees([scores])
    const found = await run({ scores, plain: plain.outputs[0] }, feeds)
    for (const [i, value] of entry.scores.entries()) {
      expect(found.scores[i]).toBeCloseTo(value, 4)
      expect(found.plain[i]).toBeCloseTo(value, 4)
    }
  })

  test('soft answers become the hard ones as the temperature goes to 0', async () => {
    const scores = scoresOf(loaded)
    const [soft] = softTrees([scores], { temperature: 1e-5 }).outputs
    // thresholds may be rows that the trees were fitted to, where a soft answer is one half
    const rows = rowsOf(entry)
    const moved = { ...rows, data: (rows.data as Float32Array).map((value) => value + 2e-4) } as Tensor
    const found = await run({ soft, scores }, { [rowsInput(loaded).name!]: moved })
    for (const [i, value] of found.scores.entries()) expect(found.soft[i]).toBeCloseTo(value, 4)
  })
})

test('a soft ensemble has the derivatives by its features and by its leaves that differences show', async () => {
  const entry = models['lightgbm regressor']
  const loaded = opened(entry)
  const { outputs, parameters } = softTrees([scoresOf(loaded)], { temperature: 0.5 })
  const leaves = Object.values(parameters)
  expect(leaves).toHaveLength(1)
  const x = rowsInput(loaded)
  const check = await checkGrad({ outputs, wrt: [x, leaves[0]], feeds: { [x.name!]: rowsOf(entry) } })
  expect(check).toMatchObject({ passed: true })
})

test('the trees themselves have a slope of 0, and their leaves train', async () => {
  const entry = models['gradient boosting']
  const loaded = opened(entry)
  const x = rowsInput(loaded)
  const scores = scoresOf(loaded)
  const { outputs, parameters } = softTrees([scores])
  const [leaves] = Object.values(parameters)
  const error = sub(outputs[0], constant(1))
  const [dx, dleaves] = grad(reduceSum(mul(error, error)), [x, leaves])
  const found = await run({ hard: grad(reduceSum(scores), [x])[0], dx, dleaves }, { [x.name!]: rowsOf(entry) })
  expect(found.hard.every((value) => value === 0)).toBe(true)
  expect(found.dx.every((value) => Math.abs(value) === 0)).toBe(true)
  // five trees: every row reaches five leaves, and each gets twice the row's error
  const errors = entry.scores.reduce((sum, score) => sum + 2 * (score - 1), 0)
  expect(found.dleaves.reduce((sum, value) => sum + value, 0)).toBeCloseTo(5 * errors, 2)
})

test('values that no trees lead to, and temperatures below 0, are refused', () => {
  expect(() => softTrees([relu(input('x', 'float32', [2]))])).toThrow('no decision trees lead to these values')
  expect(() => softTrees([scoresOf(opened(models['gradient boosting']))], { temperature: -1 })).toThrow('temperature')
})
