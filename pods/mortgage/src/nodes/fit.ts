import { node, param } from 'mlpod'
import { type AnyRelation, untyped } from 'mlpod/data'
import { compile, input, type Model } from 'mlpod/graph'
import {
  adamW,
  applyPreprocess,
  crossEntropy,
  dense,
  type Fitted,
  fitPreprocess,
  mlp,
  score,
  fit as train,
} from 'mlpod/learn'
import { logLoss } from 'mlpod/math'
import { catalog } from '../catalog.ts'
import { amounts, codes, features, flags, numbers } from '../features.ts'
import { labelsOf } from '../labels.ts'
import type { Training } from '../types.ts'

/** The candidates: a linear model of the log-odds, and a small network. Both are trained by our own gradients. */
const candidates = {
  'logistic regression': { network: dense(2), optimizer: adamW({ learningRate: 0.01, weightDecay: 0.05 }) },
  'multilayer perceptron': {
    network: mlp([32, 16], 2, { activation: 'tanh', dropout: 0.2 }),
    optimizer: adamW({ learningRate: 0.003, weightDecay: 0.05 }),
  },
}

/** Learns how columns become features, trains the candidates, and keeps the better one by log loss on the validation rows. */
export const fit = node({
  name: 'fit',
  inputs: {
    training: catalog.train,
    validation: catalog.validation,
    seed: param('seed', 0),
    epochs: param('fit.epochs', 200),
  },
  outputs: { fitted: catalog.fitted, choice: catalog.choice },
  run: async ({ training, validation, seed, epochs }, { log, progress, note, signal }) => {
    const preprocess = await fitPreprocess(training, {
      numeric: {
        ...Object.fromEntries(numbers.map((name) => [name, {}])),
        ...Object.fromEntries(amounts.map((name) => [name, { log: true }])),
        ...Object.fromEntries(flags.map((name) => [name, {}])),
      },
      categorical: Object.fromEntries(codes.map((name) => [name, {}])),
    })
    const inputs = Object.fromEntries(features.map((name) => [name, input(name, 'float32', ['n', 1])]))
    const { features: encoded } = applyPreprocess(preprocess, inputs)
    const encoder = compile({ inputs, outputs: { features: encoded } })
    const dataOf = async (rows: typeof training) => ({
      x: (await score(encoder, rows)).features as { dtype: 'float32'; shape: readonly number[]; data: Float32Array },
      y: {
        dtype: 'int64',
        shape: [await rows.count()],
        data: BigInt64Array.from(await labelsOf(rows), BigInt),
      } as const,
    })
    const [data, held] = [await dataOf(training), await dataOf(validation)]

    const trained: (Training & { readonly result: Fitted })[] = []
    for (const [i, [name, { network, optimizer }]] of Object.entries(candidates).entries()) {
      const key = name.split(' ')[0]
      const result = await train({
        network,
        optimizer,
        loss: crossEntropy(),
        data,
        validation: held,
        epochs,
        batch: 64,
        seed,
        earlyStopping: { patience: 20 },
        signal,
        onProgress({ epoch, loss, validation: judged = Number.NaN }) {
          log(`${key}.loss`, loss, epoch)
          log(`${key}.validation`, judged, epoch)
          progress(i * epochs + epoch, Object.keys(candidates).length * epochs, 'epochs')
        },
      })
      const logits = result.apply(encoded)
      const { estimate, standardError } = await judge(compile({ inputs, outputs: { logits } }), validation)
      trained.push({
        name,
        result,
        validation: estimate,
        standardError,
        loss: result.history.map(({ loss }) => loss),
        validationLoss: result.history.map(({ validation: judged }) => judged ?? Number.NaN),
      })
    }

    const best = chooseSimplest(trained)
    note(`${best.name}: validation log loss ${best.validation.toFixed(3)}`)
    const width = encoded.shape[1] as number
    const baseline = Array.from({ length: width }, (_, j) => {
      let sum = 0
      for (let i = j; i < data.x.data.length; i += width) sum += data.x.data[i]
      return sum / data.y.data.length
    })
    const scales = await training
      .groupBy([], Object.fromEntries([...numbers, ...amounts].map((name) => [name, ({ stddev }) => stddev(name)])))
      .rows()
    return {
      fitted: compile({ inputs, outputs: { features: encoded, logits: best.result.apply(encoded) } }),
      choice: {
        chosen: best.name,
        candidates: trained.map(({ result, ...training }) => training),
        preprocess,
        baseline,
        scales: scales[0] as Readonly<Record<string, number>>,
      },
    }
  },
})

/** Mean log loss of a model's logits on rows. */
async function judge(model: Model, rows: AnyRelation): Promise<ReturnType<typeof logLoss>> {
  const logits = (await score(model, untyped(rows))).logits.data as Float32Array
  const labels = await labelsOf(rows)
  return logLoss(
    Float64Array.from(labels, (_, i) => 1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1]))),
    labels,
  )
}

/**
 * The first (simplest) candidate whose log loss is within one standard error of the best: log loss is a proper score
 * (Gneiting, Raftery 2007), and a difference that small is no reason for a harder model (Breiman et al. 1984).
 */
function chooseSimplest<T extends Training>(trained: readonly T[]): T {
  const best = trained.reduce((a, b) => (b.validation < a.validation ? b : a))
  return trained.find(({ validation }) => validation <= best.validation + best.standardError) ?? best
}
