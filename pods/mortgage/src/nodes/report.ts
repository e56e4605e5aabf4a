import { node } from 'mlpod'
import {
  answersOf,
  attributionFigure,
  coverageFigure,
  fairnessFigure,
  groupsOf,
  oodFigure,
  reliabilityFigure,
  setSizeFigure,
} from 'mlpod/guard'
import { score } from 'mlpod/learn'
import { shifted } from 'mlpod/ood'
import type { Evidence } from 'mlpod/promise'
import { evidenceId } from 'mlpod/promise'
import { reportPage } from 'mlpod/report'
import { catalog } from '../catalog.ts'
import { shifts } from '../shifts.ts'
import { trainingFigure } from '../trainingFigure.ts'

/** Writes the report: every promise with its evidence, and the figures behind them. */
export const report = node({
  name: 'report',
  inputs: {
    model: catalog.model,
    evidence: catalog.evidence,
    test: catalog.test,
    choice: catalog.choice,
    metrics: catalog.metrics,
  },
  outputs: { report: catalog.report },
  run: async ({ model, evidence, test, choice, metrics }, { progress }) => {
    const named = (name: string): Evidence => evidence.find(({ claim }) => claim.name === name) as Evidence
    const source = (...names: readonly string[]) => ({
      data: 'the test part',
      evidence: names.map((name) => evidenceId(named(name))),
    })
    const [answers, groups] = await Promise.all([answersOf(model, test), groupsOf(test, ['race'])])
    const { attributions } = await score(model, test, { outputs: ['attributions'] })
    progress(1, 3, 'steps')
    const pValues: Record<string, Float32Array> = { 'as they come': answers.oodP }
    for (const shift of shifts) pValues[shift.name] = (await answersOf(model, shifted(test, shift))).oodP
    progress(2, 3, 'steps')
    return {
      report: await reportPage({
        title: 'Mortgage applications, Boston 1990',
        about:
          'Predicts whether an application was approved, says which answers are possible at 95 % coverage, and abstains where it cannot answer with one. A demonstration on public research data: not for decisions about people.',
        evidence,
        figures: [
          coverageFigure(named('covers'), named('covers every group'), source('covers', 'covers every group')),
          setSizeFigure(answers, source('covers')),
          reliabilityFigure(answers, source('calibrated')),
          fairnessFigure(answers, groups, source('fair')),
          attributionFigure(
            attributions.data as Float32Array,
            answers.guard.columns.map(({ name }) => name),
            source(),
          ),
          oodFigure(pValues, answers.guard.oodLevel, source('notices other worlds', 'few false alarms')),
          trainingFigure(choice),
        ],
        limits: [
          'What speaks of a machine (how fast it answers) is measured where the model runs: mlpod verify.',
          'The data are the decisions of lenders in 1990, with whatever bias those had: the model learns to repeat them.',
          'Groups are small: 197 Black and 111 Hispanic applicants in all, about a third of them in the test part. Undecided means just that.',
          'The attack on the numbers is the worst that was found, not a proof that nothing is worse.',
          'Coverage holds for applications like these; the out-of-distribution check catches gross changes, not slow ones.',
        ],
        facts: [
          [
            'data',
            '1,989 applications (Hunter and Walker 1996); 40 % train, 10 % validation, 15 % calibration, 35 % test',
          ],
          [
            'model',
            `${choice.chosen}, the better of ${choice.candidates.map(({ name }) => name).join(' and ')} by log loss on the validation part`,
          ],
          [
            'test',
            `${metrics.rows} rows; AUC ${metrics.auc.toFixed(3)}; log loss ${metrics.logLoss.toFixed(3)} (base rate alone ${metrics.baseRateLogLoss.toFixed(3)}); abstained ${(100 * metrics.abstained).toFixed(1)} %`,
          ],
          ['model body', model.bodyHash],
          [
            'never features',
            'race, sex, age, marital status, the minority share of the tract, and what restates or follows the decision',
          ],
        ],
      }),
    }
  },
})
