export { type ScoreOptions, score } from './score.ts'
