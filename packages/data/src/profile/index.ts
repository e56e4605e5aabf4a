export { type Alert as ProfileAlert, type AlertCode, type AlertThresholds, alertExpectations } from './alerts.ts'
export type { AssociationMatrix, AssociationMethod, Associations } from './associations.ts'
export { type ProfileOptions, profile } from './profile.ts'
export type {
  ColumnProfile,
  CountedCell,
  DateStatistics,
  Interaction,
  MissingPattern,
  NumberStatistics,
  Profile,
  ProfileHistogram,
  ProfileRole,
  TableStatistics,
  TextContent,
  TextStatistics,
} from './types.ts'
