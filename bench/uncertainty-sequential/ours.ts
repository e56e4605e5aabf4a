// Seconds to bet along columns of numbers in memory.
import { pluginMartingale, runMartingale, simpleJumper, startScores, streamPValues } from '@mlpod/science/uncertainty'
import { readColumn, secondsOf } from '../columns.ts'

const [score, p] = ['score', 'p'].map(readColumn)

console.log(
  JSON.stringify({
    'martingale-50k': secondsOf(() => runMartingale(simpleJumper(), streamPValues(startScores(), score).pValues)),
    'plugin-5k': secondsOf(() => runMartingale(pluginMartingale(), p)),
  }),
)
