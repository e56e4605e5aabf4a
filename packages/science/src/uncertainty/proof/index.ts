export {
  type CalibrationPlan,
  type CoverageLaw,
  type CoverageTest,
  coverageLaw,
  coveredProbability,
  planCalibration,
  testCoverage,
} from './coverageLaw.ts'
export { type CoverageProof, type VerifyCoverageOptions, verifyCoverage } from './verifyCoverage.ts'
