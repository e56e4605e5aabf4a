import { didYouMean, PodError } from '@mlpod/contract'
import { type ConditionResult, checkMetrics } from '../quality/conditions.ts'
import type { AnyRelation } from '../relation.ts'
import { type Measured, type PresetPart, type PresetWorld, presetParts as part } from './parts.ts'

/** What a preset showed. */
export interface PresetResult {
  readonly preset: PresetName
  /** Whether every test that is critical holds. */
  readonly ok: boolean
  /** Numbers by the names that Evidently has for them. */
  readonly metrics: Readonly<Record<string, number | string | null>>
  /** The same of the reference, where there is one. */
  readonly reference: Readonly<Record<string, number | string | null>>
  readonly tests: readonly ConditionResult[]
}

/** What a preset is run with; each says which it needs. */
export interface PresetOptions extends Omit<PresetWorld, 'current'> {
  /** Whether what is measured is also tested; it is by default. */
  readonly tests?: boolean
}

/**
 * Every preset of Evidently 0.7 by its name, and the suites of tests of its older interface. Their tests are derived as there: beside a reference,
 * numbers stay near its own; without one, models are better than guessing, and nothing is odd about a table.
 */
export const presets = {
  DataDriftPreset: [part.drift],
  DataSummaryPreset: [part.datasetStats, part.valueStats],
  DatasetStats: [part.datasetStats],
  ValueStats: [part.valueStats],
  TextEvals: [part.rowCount, part.valueStats],
  ClassificationPreset: [part.classificationTotals, part.classificationLabels],
  ClassificationQuality: [part.classificationTotals],
  ClassificationQualityByLabel: [part.classificationLabels],
  ClassificationDummyQuality: [part.classificationDummy],
  RegressionPreset: [part.regressionTotals],
  RegressionQuality: [part.regressionTotals],
  RegressionDummyQuality: [part.regressionDummy],
  RecsysPreset: [part.recsys],
  DataQualityTestPreset: [part.missingShares, part.mostCommonShares, part.qualityCounts],
  DataStabilityTestPreset: [part.sizes, part.types, part.missingShares, part.stability],
  DataDriftTestPreset: [part.driftThird, part.watchedDrift],
  NoTargetPerformanceTestPreset: [part.watchedDrift, part.driftThird, part.types, part.missingShares, part.stability],
  RegressionTestPreset: [part.regressionTest],
  BinaryClassificationTestPreset: [part.watchedDrift, part.binaryTest],
  BinaryClassificationTopKTestPreset: [part.binaryTopKTest, part.watchedDrift],
  MulticlassClassificationTestPreset: [part.multiclassTest, part.multiclassLabelTest, part.rowCount, part.watchedDrift],
  RecsysTestPreset: [part.recsysTest],
} as const satisfies Readonly<Record<string, readonly PresetPart[]>>

/** The name of a preset. */
export type PresetName = keyof typeof presets

/**
 * Measures a table as a preset of Evidently does, and tests what it measured. Throws `PRESET_UNKNOWN`, and `OPTION_INVALID` for what the preset needs and
 * was not given (a reference for drift, columns for the quality of a model); what else it throws is thrown by `profile`, `drift`, `classificationQuality`,
 * `regressionQuality`, `rankingQuality`.
 */
export async function preset(
  name: PresetName,
  current: AnyRelation,
  { tests = true, ...world }: PresetOptions = {},
): Promise<PresetResult> {
  const names = Object.keys(presets)
  if (!Object.hasOwn(presets, name))
    throw new PodError('PRESET_UNKNOWN', `there is no preset "${name}"${didYouMean(name, names)}`, {
      hint: `there are ${names.join(', ')}`,
    })
  const measured: Measured[] = []
  for (const measure of presets[name]) measured.push(...(await measure({ current, ...world })))
  const results = tests ? measured.flatMap(tested) : []
  return {
    preset: name,
    ok: results.every(({ status }) => status === 'pass' || status === 'warning'),
    metrics: Object.fromEntries(measured.map(({ metric, value }) => [metric, value])),
    reference: Object.fromEntries(
      measured.flatMap(({ metric, reference }) => (reference === undefined ? [] : [[metric, reference]])),
    ),
    tests: results,
  }
}

/** Names of metrics may hold dots, which would lead further into a report: each is tested by itself. */
function tested({ metric, value, reference, condition, verdict }: Measured): ConditionResult[] {
  if (verdict !== undefined)
    return [
      {
        metric,
        value,
        status: verdict.holds ? 'pass' : 'fail',
        sentence: `${metric} ${value ?? 'without a value'} ${verdict.said}`,
      },
    ]
  if (condition === undefined) return []
  return checkMetrics(
    { value },
    { value: condition },
    reference === undefined ? {} : { reference: { value: reference } },
  ).map((result) => ({ ...result, metric, sentence: result.sentence.replace(/^value/, metric) }))
}
