/** The operations, for the commands: one import, made when a command runs. */
export { type BackupResult, type BackupTarget, backup, previewBackup } from '../operations/backup.ts';
export type { BackupPreview } from '../operations/backup-preview.ts';
export {
  type PlannedRestore,
  planRestore,
  type RestoreEnd,
  type RestoreRequest,
  restore,
} from '../operations/restore.ts';
