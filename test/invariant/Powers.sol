// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {console} from "hardhat/console.sol";

import {IMarketCharter} from "../../contracts/interfaces/IMarketCharter.sol";
import {Terms} from "../../contracts/types/Terms.sol";
import {Play} from "./support/Play.sol";
import {Dice, Random} from "./support/Random.sol";
import {vm} from "./support/Vm.sol";

/// @title Powers
/// @notice LAW-13: the same market with and without calls by curator, guardian and passers-by. The vault itself is asked
/// what each position's equity and requirement are, and what it pays, to the wei. LAW-12: all is closed afterwards.
abstract contract Powers is Play {
    using Random for Dice;

    uint256 private constant _POWERS = 11;
    /// @dev Longer than all waits of one course together [s].
    uint256 private constant _SPAN = 70 days;
    bytes32 private constant _CURATOR = "curator";
    bytes32 private constant _GUARDIAN = "guardian";

    function testFuzz_LAW_13_powersLeaveEquityHealthAndPayoutsAlone(uint256 seed) external {
        uint256[_POWERS] memory counts;
        _playTwice(Random.dice(seed, _decimals()), counts);
    }

    /// @notice Every power is used with success on the way, so that the law above is no empty promise.
    function test_LAW_13_everyPowerIsReached() external {
        uint256[_POWERS] memory counts;
        for (uint256 seed; seed < 24; ++seed) {
            uint256 snapshotId = vm.snapshotState();
            _playTwice(Random.dice(seed, 13), counts);
            vm.revertToState(snapshotId);
        }
        for (uint256 power; power < _POWERS; ++power) {
            console.log("  power %d succeeded %d times", power, counts[power]);
            require(counts[power] != 0, "a power was never used with success");
        }
    }

    function _playTwice(Dice memory dice, uint256[_POWERS] memory counts) private {
        _skewByOthers(dice);
        uint256 legs = dice.between(1, 4);
        for (uint256 i; i < legs; ++i) _openLeg(dice);
        uint256 price = (_price * dice.between(0.93e18, 1.07e18)) / 1e18;
        uint256 ends = _time + _SPAN;

        uint256 snapshotId = vm.snapshotState();
        _pass(ends - _time);
        (bytes32 left, uint256 leftWealth) = _judge(price);
        vm.revertToState(snapshotId);

        for (uint256 calls = dice.between(1, 12); calls != 0; --calls) {
            _pass(dice.between(0, 3 days));
            uint256 power = dice.below(_POWERS);
            if (_use(dice, power)) ++counts[power];
        }
        _pass(ends - _time);
        // Best of all while increases are stopped.
        if (_tryAs(_charter().holderOf(_GUARDIAN), abi.encodeCall(IMarketCharter.stopIncreases, ()))) ++counts[4];
        (bytes32 right, uint256 rightWealth) = _judge(price);

        require(left == right, "LAW-13: a power reached an open position");
        require(leftWealth == rightWealth, "LAW-13: a power reached a payout");
    }

    /// @dev What the vault says of each position when it is to be liquidated at `price`, and what all pay when closed.
    function _judge(uint256 price) private returns (bytes32 verdict, uint256 wealth) {
        _setPrice(price);
        for (uint256 i; i < _legs.length; ++i) {
            uint256 positionId = _legs[i];
            uint256 snapshotId = vm.snapshotState();
            (bool liquidated, bytes memory answer) = address(_world.vault).call(
                abi.encodeCall(_world.vault.liquidate, (positionId, "", OTHER))
            );
            bytes32 rest = keccak256(abi.encode(_world.vault.position(positionId)));
            bytes32 said = keccak256(abi.encode(liquidated, answer, rest, _wealthOf(ACTOR), _wealthOf(OTHER)));
            vm.revertToState(snapshotId);
            verdict = keccak256(abi.encode(verdict, _world.vault.position(positionId), said));
        }
        for (uint256 i; i < _legs.length; ++i) {
            _close(ACTOR, _legs[i], _sizeOf(_legs[i]));
            require(_sizeOf(_legs[i]) == 0, "LAW-12: a position could not be closed");
        }
        return (verdict, _wealthOf(ACTOR));
    }

    function _use(Dice memory dice, uint256 power) private returns (bool) {
        address curator = _charter().holderOf(_CURATOR);
        address guardian = _charter().holderOf(_GUARDIAN);
        uint256 changeId = dice.between(0, _charter().changeCount());
        if (power == 0) return _tryAs(curator, abi.encodeCall(IMarketCharter.announceTerms, (_terms(dice))));
        if (power == 1) {
            uint256 cap = dice.spread(1, _world.maxOpenInterest);
            return _tryAs(curator, abi.encodeCall(IMarketCharter.announceMaxOpenInterest, (cap)));
        }
        if (power == 2)
            return _tryAs(curator, abi.encodeCall(IMarketCharter.announceProtocolFeeReceiver, (address(0xFEE6))));
        if (power == 3) {
            _pass(2 days);
            return _enactAll();
        }
        if (power == 4) return _tryAs(guardian, abi.encodeCall(IMarketCharter.stopIncreases, ()));
        if (power == 5) return _tryAs(guardian, abi.encodeCall(IMarketCharter.resumeIncreases, ()));
        if (power == 6) return _tryAs(curator, abi.encodeCall(IMarketCharter.withdraw, (changeId)));
        if (power == 7) return _handOver(dice.chance(50) ? _CURATOR : _GUARDIAN, dice.below(3));
        if (power == 8) return _tryAs(OTHER, abi.encodeCall(IMarketCharter.payProtocolFees, ()));
        if (power == 9) return _tryAs(OTHER, abi.encodeCall(IMarketCharter.declareOracleDead, ()));
        (bool poked, ) = address(_world.book).call(abi.encodeCall(_world.book.poke, ("")));
        return poked;
    }

    /// @dev Whatever may be enacted by now, the newest first, so that terms meet the caps that were announced before.
    function _enactAll() private returns (bool any) {
        for (uint256 changeId = _charter().changeCount(); changeId != 0; --changeId) {
            if (_tryAs(OTHER, abi.encodeCall(IMarketCharter.enact, (changeId)))) any = true;
        }
    }

    function _handOver(bytes32 role, uint256 heirId) private returns (bool) {
        address heir = address(uint160(0x4E160 + heirId));
        bool offered = _tryAs(_charter().holderOf(role), abi.encodeCall(IMarketCharter.offerRole, (role, heir)));
        return offered && _tryAs(heir, abi.encodeCall(IMarketCharter.acceptRole, (role)));
    }

    /// @dev From as mild as the bounds allow to terms under which hardly any position would be healthy.
    function _terms(Dice memory dice) private view returns (Terms memory terms) {
        terms = _world.terms;
        terms.maintenanceMarginRatio = uint64(dice.between(1, 300) * 0.001e18);
        terms.liquidationFeeRatio = uint64(dice.between(1, 50) * 0.001e18);
        terms.liquidationTarget = uint64(dice.between(110, 200) * 0.01e18);
        terms.initialMarginRatio = uint64(dice.between(700, 1000) * 0.001e18);
        terms.positionFeeRatio = uint64(dice.between(3, 10) * 0.0001e18);
        terms.liquidationCooldown = uint32(dice.between(1, 3600));
        terms.keeperFeeFloor = uint96(dice.between(1, 10) * 1e18);
        terms.minMaintenance = uint96(dice.between(20, 5_000) * 1e18);
        terms.minMargin = uint128(terms.minMaintenance);
        terms.minNotional = 2 * terms.minMargin;
        terms.keeperFeeCap = uint96(dice.between(10, 1_000) * 1e18);
    }

    function _tryAs(address caller, bytes memory call_) private returns (bool success) {
        address charter = address(_charter());
        vm.prank(caller);
        (success, ) = charter.call(call_);
    }

    function _charter() private view returns (IMarketCharter) {
        return _world.charter;
    }
}
