import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonical, type ModelColumn, readGuard, type Tensor, tensor } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import { modelOf, openSession, withMetadata } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { findPod, loadPod } from '@mlpod/pipeline'
import { readRequest } from '@mlpod/serve'
import { openStore, readLock } from '@mlpod/store'
import { beforeAll, expect, inject, test } from 'vitest'

type Feeds = Readonly<Record<string, Tensor>>

/** What `answer.py` prints. */
interface Foreign {
  readonly answers: readonly Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly (string | number)[] }>
  >[]
  readonly required: readonly string[]
  readonly optional: readonly string[]
  readonly keys: readonly string[]
  readonly bodyHash: string
  readonly sealedBodyHash: string
  readonly evidence: Readonly<Record<string, string>>
  readonly promises: Readonly<Record<string, string>>
  readonly runtime: string
}

const root = inject('pod')
const file = join(root, 'build/model.onnx')
const model = modelOf(readFileSync(file))
const guard = readGuard(model.metadata)
const { columns } = guard
const TOLERANCE = 1e-5

/** What breaks a column's rules or stretches them: missing, infinite, far out, between whole numbers, negative zero, denormal. */
const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30, 0.5, -0, 1e-40, 3e38]

/** The test rows as the pod stored them. */
async function testRows(): Promise<Feeds> {
  const { catalog } = await loadPod(findPod(root))
  const { nodes } = await readLock(root)
  const rows = (await catalog.test.read(openStore(root).path(nodes.split.outputs.test))) as AnyRelation
  return untyped(rows).tensors(...columns.map(({ name }) => name))
}

/** Rows of `from` with one strange value in each, every value in every column; then rows with several. */
function perturbed(from: Feeds): Feeds {
  const n = from[columns[0].name].shape[0]
  const { uniform } = random({ seed: 11, path: 'perturbed' })
  const single = columns.length * strange.length
  const total = single + 500
  const at = (column: ModelColumn, j: number, row: number): number => {
    const own = (from[column.name].data as Float32Array)[row % n]
    if (row < single) return Math.floor(row / strange.length) === j ? strange[row % strange.length] : own
    const [whether, which] = [2 * (row * columns.length + j), 2 * (row * columns.length + j) + 1].map(uniform)
    return whether < 0.1 ? strange[Math.floor(which * strange.length)] : own
  }
  return Object.fromEntries(
    columns.map((column, j) => [
      column.name,
      tensor(
        'float32',
        [total, 1],
        Float32Array.from({ length: total }, (_, row) => at(column, j, row)),
      ),
    ]),
  )
}

const confidence = (level: number): Tensor => tensor('float64', [], Float64Array.of(level))
const attribute = (on: boolean): Tensor => tensor('bool', [], Uint8Array.of(on ? 1 : 0))

/** Answers a file's requests with Python's onnxruntime. */
function foreign(path: string, requests: readonly Feeds[]): Foreign {
  const { status, stdout, stderr } = spawnSync('.cache/service-python/bin/python', ['test/service/answer.py'], {
    cwd: join(import.meta.dirname, '../..'),
    input: canonical({ model: path, requests }),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`answer.py ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as Foreign
}

/** What is asked: the test rows and strange ones, in one run and alone, with the optional inputs and without. */
type Asked = 'rows' | 'odd' | 'alone' | 'narrow' | 'wide' | 'explained'
let requests: Readonly<Record<Asked, Feeds>>
let ours: Readonly<Record<Asked, Readonly<Record<string, Tensor>>>>
let theirs: Foreign
let answers: Readonly<Record<Asked, Foreign['answers'][number]>>

beforeAll(async () => {
  const rows = await testRows()
  const odd = perturbed(rows)
  const first = ({ dtype, data }: Tensor): Tensor => tensor(dtype, [1, 1], (data as Float32Array).slice(0, 1))
  requests = {
    rows,
    odd,
    alone: Object.fromEntries(columns.map(({ name }) => [name, first(rows[name])])),
    narrow: { ...rows, confidence: confidence(0.8) },
    wide: { ...odd, confidence: confidence(0.99), attribute: attribute(false) },
    explained: { ...rows, attribute: attribute(true) },
  }
  const asked = Object.keys(requests) as Asked[]
  const session = await openSession(model)
  const outputs = new Map<Asked, Readonly<Record<string, Tensor>>>()
  for (const name of asked) outputs.set(name, await session.run(requests[name]))
  await session.close()
  ours = Object.fromEntries(outputs) as typeof ours
  theirs = foreign(file, Object.values(requests))
  answers = Object.fromEntries(asked.map((name, i) => [name, theirs.answers[i]])) as typeof answers
})

const close = (a: number, b: number): boolean =>
  Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= TOLERANCE * (1 + Math.abs(b))

/** Numbers as Python prints them. */
const numbers = (data: readonly (string | number)[]): number[] =>
  data.map((x) => Number(typeof x === 'string' ? x.replace('nan', 'NaN').replace('inf', 'Infinity') : x))

const issuesOf = (row: Readonly<Record<string, number | null>>): readonly string[] => {
  const read = readRequest(row, guard, { maxRows: 1, additional: 'forbid' })
  return 'issues' in read ? read.issues.map(({ pointer }) => pointer.slice(1)) : []
}

test('Python sees a required input for each column, and the two that may be left out', () => {
  expect(theirs.required).toEqual(columns.map(({ name }) => name))
  expect(theirs.optional).toEqual(['confidence', 'attribute'])
  expect(answers.rows.prediction.shape[0]).toBeGreaterThan(600)
  expect(theirs.runtime).toBe('1.32.0')
})

test.each(['rows', 'odd', 'alone', 'narrow', 'wide', 'explained'] as const)('Python answers as we do: %s', (asked) => {
  const given = ours[asked]
  const read = (name: string): number[] => numbers(answers[asked][name].data)
  for (const name of Object.keys(given)) expect(answers[asked][name].shape, name).toEqual(given[name].shape)
  for (const name of ['probability', 'ood_p', 'attributions']) {
    const [a, b] = [given[name].data as Float32Array, read(name)]
    expect(
      [...a.keys()].filter((i) => !close(a[i], b[i])),
      name,
    ).toEqual([])
  }
  // a label may be in one set and not in the other only where the threshold lies between two probabilities that are that close
  const [p, q, inOurs, inTheirs] = [
    given.probability.data as Float32Array,
    read('probability'),
    given.set.data as Uint8Array,
    read('set'),
  ]
  const parted = [...inOurs.keys()].filter((i) => inOurs[i] !== inTheirs[i])
  for (const i of parted) expect(inOurs[i] === 1 ? p[i] > q[i] : q[i] > p[i], `set ${i}`).toBe(true)
  const rows = new Set(parted.map((i) => Math.floor(i / 2)))
  for (const name of ['prediction', 'reasons', 'abstain']) {
    const [a, b] = [Array.from(given[name].data as Uint8Array, Number), read(name)]
    expect(
      [...a.keys()].filter((i) => a[i] !== b[i] && !rows.has(i)),
      name,
    ).toEqual([])
  }
})

test('left out, the optional inputs are the calibrated level and attributions; given, sets grow with confidence', () => {
  expect(answers.explained).toEqual(answers.rows)
  for (const [name, { shape, data }] of Object.entries(answers.alone))
    expect(data, name).toEqual(
      answers.rows[name].data.slice(
        0,
        shape.reduce((product, dim) => product * dim, 1),
      ),
    )
  const labels = (asked: Asked): number => numbers(answers[asked].set.data).reduce((sum, inside) => sum + inside, 0)
  expect(labels('narrow')).toBeLessThan(labels('rows'))
  expect(labels('wide')).toBeGreaterThanOrEqual(labels('odd'))
  expect(new Set(numbers(answers.wide.attributions.data))).toEqual(new Set([0]))
})

test('the reasons that Python gets name just the columns that the server would refuse', () => {
  const n = requests.odd[columns[0].name].shape[0]
  const reasons = numbers(answers.odd.reasons.data).map(BigInt)
  let refused = 0
  for (let i = 0; i < n; i++) {
    const row = Object.fromEntries(
      columns.map(({ name }) => {
        const value = (requests.odd[name].data as Float32Array)[i]
        return [name, Number.isNaN(value) ? null : value]
      }),
    )
    const named = columns.filter((_, bit) => (reasons[i] >> BigInt(bit)) & 1n).map(({ name }) => name)
    expect(named, `row ${i}`).toEqual(issuesOf(row))
    if (named.length > 0) refused++
    if (reasons[i] !== 0n) expect(answers.odd.abstain.data[i]).toBe(1)
  }
  expect(refused).toBeGreaterThan(500)
})

test('Python reads what the file says of itself, and the chain holds: body, evidence, promises', () => {
  expect(theirs.keys).toEqual(Object.keys(model.metadata).sort())
  expect(theirs.bodyHash).toBe(model.bodyHash)
  expect(theirs.sealedBodyHash).toBe(model.bodyHash)
  expect(theirs.evidence).toEqual(theirs.promises)
  expect(Object.keys(theirs.evidence).length).toBeGreaterThanOrEqual(12)
})

test('Python finds evidence that was changed after it was sealed', () => {
  const verdicts = ['broken', 'undecided', 'kept'] as const
  const text = model.metadata['mlpod.evidence']
  const verdict = verdicts.find((word) => text.includes(`"verdict":"${word}"`))
  const forged = withMetadata(model, {
    ...model.metadata,
    'mlpod.evidence': text.replace(`"verdict":"${verdict}"`, `"verdict":"${verdict === 'kept' ? 'broken' : 'kept'}"`),
  })
  const path = join(root, 'build/forged.onnx')
  writeFileSync(path, forged.bytes)
  const { evidence, promises, bodyHash } = foreign(path, [])
  expect(bodyHash).toBe(model.bodyHash)
  expect(Object.keys(evidence).filter((name) => evidence[name] !== promises[name])).toHaveLength(1)
})
