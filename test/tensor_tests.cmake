set(TENSOR_TESTS
  io/tensor_file_test.cpp
)
