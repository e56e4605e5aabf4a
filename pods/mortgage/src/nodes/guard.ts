import { node, param } from 'mlpod'
import { load } from 'mlpod/graph'
import { guard as guarded } from 'mlpod/guard'
import { features as featuresOf, score } from 'mlpod/learn'
import { fitMahalanobis, mahalanobisScores } from 'mlpod/ood'
import { calibrateClassifier } from 'mlpod/uncertainty'
import { catalog } from '../catalog.ts'
import { modelColumns } from '../columns.ts'
import { label } from '../features.ts'
import { labelsOf } from '../labels.ts'

/** The column whose values are the Mondrian groups: applicants whose credit history does not meet guidelines are another crowd. */
const groupBy = 'gdlin'

/** Compiles the guarantees into the model: prediction sets, out-of-distribution p-values, abstention, attributions. */
export const guard = node({
  name: 'guard',
  inputs: {
    calibrated: catalog.calibrated,
    temperature: catalog.temperature,
    choice: catalog.choice,
    train: catalog.train,
    calibration: catalog.calibration,
    level: param('guard.level', 0.95),
    oodLevel: param('guard.oodLevel', 0.05),
  },
  outputs: { guarded: catalog.guarded },
  run: async ({ calibrated, temperature, choice, train, calibration, level, oodLevel }, { log }) => {
    const [seen, held] = await Promise.all([
      score(calibrated, train, { outputs: ['features'] }),
      score(calibrated, calibration, { outputs: ['features', 'probability'] }),
    ])
    const groups = (await calibration.select(groupBy).rows()).map((row) => `${row[groupBy] ?? ''}`)
    const conformal = calibrateClassifier(held.probability.data as Float32Array, await labelsOf(calibration), {
      level,
      groups,
    })
    for (const { group, thresholds, n } of conformal.calibration.groups)
      log(`threshold.${group ?? 'pooled'}.n${n}`, thresholds[0])
    const detector = fitMahalanobis(seen.features.data as Float32Array, await labelsOf(train))
    const { inputs, outputs } = load(calibrated)
    return {
      guarded: guarded(
        { inputs, features: outputs.features, logits: outputs.logits },
        {
          columns: modelColumns(choice.scales),
          label,
          temperature,
          conformal,
          groupBy,
          ood: { detector, calibration: [...mahalanobisScores(detector, held.features.data as Float32Array)] },
          attribution: {
            baseline: choice.baseline,
            sources: featuresOf(choice.preprocess).map(({ source }) => source),
          },
        },
        { oodLevel, largestSet: 1 },
      ),
    }
  },
})
