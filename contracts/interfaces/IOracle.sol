// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Price} from "../types/Price.sol";

/// @title IOracle
/// @notice The index price of one market, in settlement token per base unit.
interface IOracle {
    /// @notice Verifies the price that `proof` points to, for an order.
    ///
    /// @dev Any ether beyond the verification fee is returned to the caller.
    ///
    /// @param proof What the adapter needs: for push feeds the round ids, for streams a signed report.
    /// @return price The price with the seconds it covers [WAD quote per base].
    function verify(bytes calldata proof) external payable returns (Price memory price);

    /// @notice Verifies that `proof` is usable as the price of now: the latest round, or a report young enough.
    ///
    /// @param proof Empty for push feeds; a signed report for streams.
    /// @return price The price; a push round counts as a point in time, so `validFrom` equals `observedAt`.
    function spot(bytes calldata proof) external payable returns (Price memory price);

    /// @notice The newest price that can be read without a proof, for displays and share prices.
    ///
    /// @dev Reverts as {spot} does. Where prices need proofs it is the newest that anybody has proven.
    ///
    /// @return price The index price [WAD quote per base].
    /// @return observedAt When it was observed [s].
    function latest() external view returns (uint256 price, uint64 observedAt);

    /// @notice Whether `proof` shows that no usable price served an order of time `from` up to `until`.
    ///
    /// @dev Decides whether an order that was never executed forfeits its keeper's fee. Never reverts for a proof that
    /// shows nothing: it answers false.
    ///
    /// @param from The moment whose price the order wanted [s].
    /// @param until The last moment whose price it would have taken [s].
    /// @param proof Points to the price in force over the whole span.
    /// @return absent True only when it is proven that there was none.
    function hadNoPrice(uint64 from, uint64 until, bytes calldata proof) external view returns (bool absent);

    /// @notice Since when the chain's sequencer has been up [s]; 0 on chains without one.
    function upSince() external view returns (uint64 time);

    /// @notice Smallest initial margin ratio that this kind of oracle allows [WAD].
    function minInitialMarginRatio() external view returns (uint256 ratio);

    /// @notice How far the true price may stray before a new one is published [WAD].
    function deviationThreshold() external view returns (uint256 ratio);
}
