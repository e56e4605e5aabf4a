import { definePod, pipeline } from 'mlpod'
import { catalog } from './src/catalog.ts'
import { clean } from './src/nodes/clean.ts'
import { split } from './src/nodes/split.ts'

export default definePod({ name: 'mortgage', catalog, pipelines: pipeline([clean, split]) })
