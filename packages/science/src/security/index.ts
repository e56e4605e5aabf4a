export { type Attack, type Attacked, attack, aucUnder, type PgdOptions, pgd } from './pgd.ts'
