/** What storing a capture would come to: everything is read, cut and compared as when it is stored, and nothing is kept. */
import type { Capture } from '../../model/capture.ts';
import type { ComponentDraft, Preview } from '../vault.ts';
import { ComponentWriter } from './component-writer.ts';
import { earlierComponents, earlierSnapshots } from './earlier-snapshots.ts';
import { TimeWriter } from './format/times.ts';
import { StoringCrew } from './storing-crew.ts';
import { newCounts } from './writer-parts.ts';
import type { WritingParts } from './writing.ts';

export async function previewComponent(
  parts: WritingParts,
  target: string,
  draft: ComponentDraft,
  capture: Capture,
  signal: AbortSignal,
): Promise<Preview> {
  const { repository, blobs, listing, threads, random, clock, zone } = parts;
  const snapshots = earlierSnapshots((await listing.read({ signal })).stored, target);
  const earlier = await earlierComponents(snapshots, draft.name, { repository, blobs, signal });
  const counts = newCounts();
  const crew = new StoringCrew(repository, { threads, random, clock, signal, dry: true });
  try {
    const troubles = () => undefined;
    const component = draft.name;
    const common = {
      component,
      place: draft.name,
      crew,
      repository,
      blobs,
      earlier,
      troubles,
      signal,
      counts,
      hashes: [],
    };
    await new ComponentWriter({ ...common, times: new TimeWriter(zone) }).write(capture);
  } finally {
    await crew.close();
  }
  const { nodes, bytes, unchanged, newBytes } = counts;
  return { nodes, bytes, unchanged, newBytes };
}
