/** A sparse VMDK of one file, as VMware makes them: a header, a descriptor, one directory, its tables, then grains. */
const SECTOR = 512;
const GRAIN = 128;
const ENTRIES = 512;

/** `grains`: contents by the number of their grain (64 KiB each); all others read as zeros. `sectors`: of the disk. */
export function sparseVmdk(sectors: number, grains: ReadonlyMap<number, Uint8Array> = new Map()): Buffer {
  const tables = Math.ceil(sectors / (GRAIN * ENTRIES));
  const tableSectors = (ENTRIES * 4) / SECTOR;
  const [descriptorAt, descriptorSize] = [1, 20];
  const directoryAt = descriptorAt + descriptorSize;
  const tablesAt = directoryAt + 1;
  const grainsAt = Math.ceil((tablesAt + tables * tableSectors) / GRAIN) * GRAIN;
  const image = Buffer.alloc((grainsAt + grains.size * GRAIN) * SECTOR);
  image.write("KDMV", "latin1");
  image.writeUInt32LE(1, 4);
  image.writeUInt32LE(1, 8);
  const fields = [sectors, GRAIN, descriptorAt, descriptorSize];
  for (const [i, value] of fields.entries()) image.writeBigUInt64LE(BigInt(value), 12 + i * 8);
  image.writeUInt32LE(ENTRIES, 44);
  image.writeBigUInt64LE(0n, 48);
  image.writeBigUInt64LE(BigInt(directoryAt), 56);
  image.writeBigUInt64LE(BigInt(grainsAt), 64);
  image.write("\n \r\n", 73, "latin1");
  const descriptor = [
    "# Disk DescriptorFile",
    ...["version=1", "CID=00000001", "parentCID=ffffffff", 'createType="monolithicSparse"'],
    `RW ${sectors} SPARSE "itself.vmdk"`,
    'ddb.adapterType = "ide"',
  ];
  image.write(`${descriptor.join("\n")}\n`, descriptorAt * SECTOR);
  for (let table = 0; table < tables; table++) {
    image.writeUInt32LE(tablesAt + table * tableSectors, directoryAt * SECTOR + table * 4);
  }
  for (const [i, [grain, bytes]] of [...grains].entries()) {
    const at = grainsAt + i * GRAIN;
    image.writeUInt32LE(at, tablesAt * SECTOR + grain * 4);
    image.set(bytes, at * SECTOR);
  }
  return image;
}
