// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ICodeStore
/// @notice Keeps the creation code of one contract, which is too large to be part of the factory.
interface ICodeStore {
    /// @notice The creation code.
    function code() external view returns (bytes memory);

    /// @notice Its hash; decides, with the factory and the market's number, the address that it is created at.
    function codeHash() external view returns (bytes32);
}
