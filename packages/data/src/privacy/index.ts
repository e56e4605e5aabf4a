export { type PrivacyBudget, type PrivacySpent, type PrivateAnswer, privacyBudget } from './accountant.ts'
export {
  type NoisyNumber,
  type PrivateColumn,
  type PrivateColumnProfile,
  type PrivateProfile,
  type PrivateProfileOptions,
  privateProfile,
} from './privateProfile.ts'
