set(TENSOR_TESTS
  io/tensor_file_test.cpp
  train/evaluation_test.cpp
  train/gradients_test.cpp
  train/optimizer_test.cpp
  train/resume_test.cpp
  train/trainer_test.cpp
)
