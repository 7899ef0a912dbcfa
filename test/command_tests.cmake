set(COMMAND_TESTS
  app/bad_input_test.cpp
  app/commands_test.cpp
  app/config_values_test.cpp
  app/run_folder_test.cpp
)
