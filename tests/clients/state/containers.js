// Makes a container in an account of blobs, or writes its blobs as JSON: CONNECTION CONTAINER make|read
import { BlobServiceClient } from "@azure/storage-blob";

const [connection, name, what] = process.argv.slice(2);
const container = BlobServiceClient.fromConnectionString(connection).getContainerClient(name);
if (what === "make") {
  await container.create();
} else {
  const blobs = {};
  for await (const blob of container.listBlobsFlat()) {
    blobs[blob.name] = (await container.getBlobClient(blob.name).downloadToBuffer()).toString("latin1");
  }
  console.log(JSON.stringify(blobs));
}
