set(TEXT_TESTS
  io/fingerprint_test.cpp
  io/safetensors_test.cpp
  io/text_file_test.cpp
  io/torch_archive_test.cpp
  io/weight_files_test.cpp
  io/zip_test.cpp
)
