/** The operations, for the commands: one import, made when a command runs. */
export { type BackupResult, type BackupTarget, backup, previewBackup } from '../operations/backup.ts';
export type { BackupPreview } from '../operations/backup-preview.ts';
export { compareVaults } from '../operations/compare.ts';
export { type CopyResult, copy, type PlannedCopy, planCopies } from '../operations/copy.ts';
export type { CopyEnd } from '../operations/copy-target.ts';
export { type Change, type DiffedSnapshots, type Difference, diffSnapshots } from '../operations/diff.ts';
export { dumpFile } from '../operations/dump.ts';
export { type FindResult, findVersions } from '../operations/find.ts';
export { type ForgetEnd, forget, planForgets } from '../operations/forget.ts';
export type { ForgetPlan } from '../operations/forget-target.ts';
export { type ChangedKey, listKeys, removeKey, setPassword } from '../operations/keys.ts';
export {
  type ConfirmedKit,
  confirmKit,
  type Kit,
  type KitState,
  newKit,
  readKit,
} from '../operations/kit.ts';
export type { PricedForecast, PricedProtection } from '../operations/lock-cost.ts';
export { oneRun, recentRuns } from '../operations/log.ts';
export { listNodes } from '../operations/ls.ts';
export { type Protection, planProtection, protectSnapshot } from '../operations/protect.ts';
export { type ProvenVault, type ProveResult, prove } from '../operations/prove.ts';
export { type Amount, type PruneEnd, planPrune, prune } from '../operations/prune.ts';
export { planRepair, type RepairEnd, repair } from '../operations/repair.ts';
export {
  type PlannedRestore,
  planRestore,
  type RestoreEnd,
  type RestoreRequest,
  restore,
} from '../operations/restore.ts';
export { type ChosenSnapshot, type LookOptions, parseSnapshotSpec } from '../operations/select.ts';
export { listSnapshots, type SnapshotsResult, type VaultSnapshots } from '../operations/snapshots.ts';
export { type UndeleteReport, undelete } from '../operations/undelete.ts';
export { type UnlockResult, unlock } from '../operations/unlock.ts';
export { type TestEnd, testVault, type VaultTest, type VaultTestParts } from '../operations/vault-test.ts';
export { createVault, listVaults, type VaultList, type VaultState } from '../operations/vaults.ts';
export { type VerifyEnd, type VerifyReport, verify } from '../operations/verify.ts';
