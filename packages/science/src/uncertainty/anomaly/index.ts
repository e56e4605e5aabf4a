export {
  type AnomalyCalibration,
  type AnomalyDiscoveries,
  anomaliesOf,
  anomalyDiscoveries,
  anomalyPValues,
  calibrateAnomalies,
  type DiscoveryMethod,
  type DiscoveryOptions,
} from './anomaly.ts'
