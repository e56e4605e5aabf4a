export {
  type Detector,
  type DetectorName,
  type DetectorOptions,
  detector,
  detectors,
} from './detect.ts'
export type { Alarm } from './detector.ts'
