import { definePod, pipeline } from 'mlpod'
import promises from './promises.ts'
import { catalog } from './src/catalog.ts'
import { calibrate } from './src/nodes/calibrate.ts'
import { clean } from './src/nodes/clean.ts'
import { evaluate } from './src/nodes/evaluate.ts'
import { fit } from './src/nodes/fit.ts'
import { guard } from './src/nodes/guard.ts'
import { pack } from './src/nodes/pack.ts'
import { report } from './src/nodes/report.ts'
import { seal } from './src/nodes/seal.ts'
import { split } from './src/nodes/split.ts'
import { verify } from './src/nodes/verify.ts'

export default definePod({
  name: 'mortgage',
  catalog,
  pipelines: pipeline([clean, split, fit, calibrate, guard, evaluate, pack, verify, seal, report]),
  promises,
  serve: { model: catalog.model },
  metrics: ['test.auc', 'test.logLoss', 'test.coverage'],
})
