import { defineCatalog, json, text } from 'mlpod'
import { csv, table } from 'mlpod/data'
import { onnxModel } from 'mlpod/graph'
import type { Evidence } from 'mlpod/promise'
import { Application, Loan } from './schema.ts'
import type { Choice, Metrics } from './types.ts'

/** Everything that the pod reads and makes, by name. */
export const catalog = defineCatalog({
  loans: csv('data/loanapp.csv', {
    schema: Loan,
    missing: {
      appinc: [666],
      gdlin: [666],
      liq: [1_000_000],
      lines: [999_999.375],
      term: [999_999.375],
      review: [999],
    },
  }),
  applications: table({ schema: Application }),
  train: table({ schema: Application }),
  validation: table({ schema: Application }),
  calibration: table({ schema: Application }),
  test: table({ schema: Application }),
  fitted: onnxModel(),
  choice: json<Choice>(),
  calibrated: onnxModel(),
  temperature: json<number>(),
  guarded: onnxModel(),
  metrics: json<Metrics>('build/metrics.json'),
  packed: onnxModel(),
  evidence: json<readonly Evidence[]>('build/evidence.json'),
  machine: json<readonly Evidence[]>(),
  model: onnxModel('build/model.onnx'),
  report: text('build/report.html'),
})
