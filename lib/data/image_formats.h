#pragma once
// Sources of labelled images, as rows with the columns `image` and `label`.

#include "data/dataset_format.h"

namespace adaptune {

// A folder with a folder for each class, whose files are images: <class>/<name>. InputError for one without
// classes, and for a class without files. Names that begin with a dot are left out.
void read_image_folder(const std::filesystem::path& folder, const FormatOptions& options,
                       const RecordSink& sink);
// The same packed by tar, plain or gzip-compressed; the folder that a file lies in is its class.
void read_image_tar(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);
// A binary batch of CIFAR-10 or CIFAR-100 (fine labels). Classes have the names in batches.meta.txt or
// fine_label_names.txt beside it, else their numbers.
void read_cifar(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);
// MNIST's images, <name>-images-idx3-ubyte, with the labels in <name>-labels-idx1-ubyte beside it.
void read_idx(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
