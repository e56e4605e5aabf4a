export { type Alert as ProfileAlert, type AlertCode, type AlertThresholds, alertExpectations } from './alerts.ts'
export type { AssociationMatrix, AssociationMethod, Associations } from './associations.ts'
export {
  type ColumnDifference,
  type CompareOptions as CompareProfilesOptions,
  compareProfiles,
  type ProfileDifference,
} from './compareProfiles.ts'
export { type MergedColumn, type MergedProfile, mergeProfiles } from './mergeProfiles.ts'
export { profile } from './profile.ts'
export { profileHtml } from './profileHtml.ts'
export type { ProfileOptions } from './profileOptions.ts'
export type { SeriesStatistics, TimeProfile } from './series.ts'
export type { FileStatistics, TextMeaning } from './textMeaning.ts'
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
