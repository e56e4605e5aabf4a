import { afterAll, beforeAll, expect, test } from 'vitest'
import names from '../../../../conformance/data/evidently_names.json' with { type: 'json' }
import ranking from '../../../../conformance/data/ranking.json' with { type: 'json' }
import { entries } from '../expectations/index.ts'
import * as room from '../index.ts'
import {
  closeEngine,
  evidentlyNames,
  float,
  int,
  type PresetName,
  type PresetOptions,
  type PresetResult,
  preset,
  presets,
  type Relation,
  relationOf,
  rowSchema,
  string,
} from '../index.ts'

type Value = number | null | Readonly<Record<string, number | Readonly<Record<string, number>>>>
const runs = names.runs as unknown as Record<
  string,
  { metrics: Record<string, Value>; tests: { name: string; status: string }[] }
>

let reference: Relation
let current: Relation
const given = {
  columns: ['x', 'k'],
  classification: { target: 'y', score: 'p' },
  regression: { target: 't', predicted: 'guess' },
} satisfies PresetOptions
beforeAll(async () => {
  const schema = rowSchema({
    x: float({ nullable: true }),
    k: string(),
    y: int(),
    p: float(),
    t: float(),
    guess: float(),
  })
  reference = (await relationOf(names.tables.reference as never, { schema })) as never
  current = (await relationOf(names.tables.current as never, { schema })) as never
})
afterAll(closeEngine)

test('every name of Evidently is something here, or there is a reason why not', () => {
  const { version, runs: _, tables: __, ...lists } = names
  expect(version).toBe('0.7.23')
  const all = Object.values(lists).flat()
  expect(all.filter((name) => !Object.hasOwn(evidentlyNames, name))).toEqual([])
  expect(Object.keys(evidentlyNames).filter((name) => !all.includes(name))).toEqual([])
  const tables: Readonly<Record<string, object>> = { expectations: entries, preset: presets }
  for (const entry of Object.values(evidentlyNames)) {
    if ('none' in entry) continue
    const [name, member] = entry.at.split('.')
    expect(Object.hasOwn(room, name), entry.at).toBe(true)
    const table = tables[name] ?? (room as Readonly<Record<string, unknown>>)[name]
    if (typeof table === 'object') expect(Object.hasOwn(table as object, member), entry.at).toBe(true)
  }
})

/** Numbers of theirs by our names. */
function numbersOf(metrics: Readonly<Record<string, Value>>): Map<string, number> {
  const found = new Map<string, number>()
  for (const [id, value] of Object.entries(metrics)) {
    const [, name, inside] = /^(\w+)\((.*)\)$/.exec(id)!
    const column = /column=(\w+)/.exec(inside)?.[1]
    const q = /quantile=([\d.]+)/.exec(inside)?.[1]
    const at = column === undefined ? name : `${name}(${column}${q === undefined ? '' : `, ${q}`})`
    if (name === 'ColumnCount' && inside !== '') continue
    if (typeof value === 'number') found.set(at, value)
    else if (value !== null && 'mean' in value) found.set(at, value.mean as number)
    else if (value !== null && 'counts' in value)
      for (const [label, count] of Object.entries(value.counts)) found.set(`${name}(${column}, ${label})`, count)
    else if (value !== null && 'count' in value) found.set(at, value.count as number)
    else if (value !== null)
      for (const [label, one] of Object.entries(value)) found.set(`${name}(${label})`, one as number)
  }
  return found
}

const run = (name: string): Promise<PresetResult> => {
  const [preset_, how] = name.split(' ')
  return preset(preset_ as PresetName, current, { ...given, ...(how === 'beside' ? { reference } : {}) })
}

test('presets measure what those of Evidently measure', async () => {
  for (const [name, { metrics }] of Object.entries(runs)) {
    // their dummies of numbers are the errors of the model itself
    if (name.startsWith('RegressionDummy')) continue
    const found = await run(name)
    for (const [metric, value] of numbersOf(metrics))
      expect(found.metrics[metric], `${name}: ${metric}`).toBeCloseTo(value, 10)
  }
})

test('beside a reference, the same tests are made and come out alike', async () => {
  const status: Readonly<Record<string, string>> = { SUCCESS: 'pass', FAIL: 'fail' }
  for (const [name, { tests }] of Object.entries(runs)) {
    // alone, models are compared with guesses that are drawn there
    if (!name.endsWith('beside') && !name.startsWith('DataSummary')) continue
    const found = (await run(name)).tests
    const told = found.flatMap(({ metric, status }) => (metric === 'DatasetMissingValueCount.share' ? [] : [status]))
    expect(told, name).toEqual(tests.map((one) => status[one.status]))
  }
})

test('without a reference a model must be better than a guess, and a table must not be odd', async () => {
  const found = await preset('RegressionQuality', current, given)
  expect(found.ok).toBe(true)
  expect(found.tests.map(({ metric }) => metric)).toEqual(['MAPE', 'RMSE', 'MAE', 'R2Score'])
  const classes = await preset('ClassificationQuality', current, given)
  expect(classes.tests.find(({ metric }) => metric === 'LogLoss')).toMatchObject({ status: 'fail' })
  const dummy = await preset('ClassificationDummyQuality', current, given)
  expect(dummy.metrics).toMatchObject({ DummyRocAuc: 0.5, DummyLogLoss: Math.log(2) })
  expect((await preset('DatasetStats', current, { tests: false })).tests).toEqual([])
})

test('the older suites test stability, drift and quality', async () => {
  const stable = await preset('DataStabilityTestPreset', reference, { ...given, reference })
  expect(stable.ok).toBe(true)
  const moved = await preset('DataStabilityTestPreset', current, { ...given, reference })
  const failed = moved.tests.filter(({ status }) => status === 'fail').map(({ metric }) => metric)
  expect(failed).toEqual(['ShareOfMissingValues(x)', 'ShareOfOutRangeValues(x)', 'MeanInNSigmas(x)'])
  const drifted = await preset('DataDriftTestPreset', current, { ...given, reference, watched: ['y'] })
  expect(drifted.tests.map(({ metric }) => metric)).toEqual([
    'DriftedColumnsCount.share',
    'ValueDrift(x)',
    'ValueDrift(k)',
    'ValueDrift(y)',
  ])
  for (const name of ['NoTargetPerformanceTestPreset', 'DataQualityTestPreset', 'RegressionTestPreset'] as const)
    expect((await preset(name, reference, { ...given, reference })).ok, name).toBe(true)
  const multi = await preset('MulticlassClassificationTestPreset', reference, { ...given, reference })
  expect(multi.tests.some(({ metric }) => metric === 'RecallByLabel(1)')).toBe(true)
  for (const name of ['BinaryClassificationTestPreset', 'BinaryClassificationTopKTestPreset'] as const)
    expect((await preset(name, reference, { ...given, reference })).ok, name).toBe(true)
})

test('rankings have presets, too', async () => {
  const schema = rowSchema({ u: string(), i: string(), r: int(), s: float(), f0: float(), f1: float(), f2: float() })
  const data = (await relationOf(ranking.rows as never, { schema })) as unknown as Relation
  const options = { ranking: { user: 'u', item: 'i', relevance: 'r', score: 's', k: ranking.k } }
  const found = await preset('RecsysPreset', data, options)
  expect(found.metrics.NDCG).toBeCloseTo(ranking.ndcg, 10)
  const test = await preset('RecsysTestPreset', data, { ...options, reference: data })
  expect(test.tests.map(({ metric, status }) => `${metric} ${status}`)).toEqual(
    ['PrecisionTopK', 'RecallTopK', 'MAP', 'NDCG', 'HitRate'].map((metric) => `${metric} pass`),
  )
})

test('what a preset needs is asked for by name', async () => {
  await expect(preset('DataDriftPreset', current)).rejects.toThrow(/`reference`/)
  await expect(preset('RegressionQuality', current)).rejects.toThrow(/`regression`/)
  await expect(preset('ClassificationPreset', current)).rejects.toThrow(/`classification`/)
  await expect(preset('DataDriftPresets' as PresetName, current)).rejects.toThrow(/"DataDriftPreset"/)
})
