export { dapsScores, snapsScores } from './diffusion.ts'
export { type GraphEdges, graphEdges, similarEdges } from './edges.ts'
export { type HopWeight, type NapsOptions, type NapsThresholds, napsSets, napsThresholds } from './naps.ts'
